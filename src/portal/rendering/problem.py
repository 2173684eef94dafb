"""The page that says what went wrong."""

from dataclasses import dataclass
from typing import ClassVar

from portal.rendering.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemContext(Context):
    """`kind` chooses title and advice from the catalogue; `detail` goes before the advice."""

    template: ClassVar[str] = "problem.html"

    kind: str
    detail: str = ""
