"""The page between a wide or lasting act and its effect: what it will do, and a form that does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from portal.rendering.context import Context

CONFIRMED = "confirmed"
"""The field that a confirmed form has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmContext(Context):
    """`effects` are sentences; `action` gets the `fields` again, with `confirmed`, when the person agrees; `back` is
    the address of the page that asked for it."""

    template: ClassVar[str] = "confirm.html"

    title: str
    effects: list[str]
    action: str
    fields: Mapping[str, str]
    text: str
    back: str
