"""The values that a template reads: its page's context, and the frame around every page."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from portal.access.sessions import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The values of one template: its fields are the names that the template reads. Each page has its own."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Of every page: the visitor and what they may do, and what the page's head and menu show.

    `may` takes the name of a role; `csrf` goes into each form; `back` is the page's own address; `notice` is the result
    of what the visitor has just done.
    """

    who: Session | None
    may: Callable[[str], bool]
    csrf: str
    path: str
    back: str
    theme: str
    notice: str
    environment: str
    has_inbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One of several views of a page. `label` is a key of the catalogue, `count` the rows behind it."""

    label: str
    href: str
    chosen: bool
    count: int | None = None


def values(part: Context | Frame) -> dict[str, Any]:
    """The fields as names for a template."""
    return {field.name: getattr(part, field.name) for field in fields(part)}
