"""The lines of an order that is corrected: a table that loads as it is read, and a form for each line that changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest
from mtd.queries.orders.order_page import order_page
from portal.pages.operations import corrections
from portal.rendering.context import Context
from portal.visit import Visit

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """A line of the order. `place` counts from 1; `fields` is empty until a person asks to correct the line, at the
    address `correct` (`page` without a script)."""

    place: int
    line: dict[str, Any]
    fields: list[corrections.OrderField]
    correct: str
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionLinesContext(Context):
    """A page of lines; `next_lines` is the address of the one that follows, or empty; `given` is what was typed."""

    template: ClassVar[str] = "operations/correction_lines.html"

    lines: list[LineRow]
    next_lines: str
    currency: str
    given: Mapping[str, str]


def show(visit: Visit) -> Response:
    """The lines from `after` on, or with `line` that one to correct. Raises NotFound, InvalidRequest."""
    asked = visit.request.query_params
    try:
        order_id = UUID(asked.get("order", ""))
    except ValueError:
        raise InvalidRequest("order must be an id", code="order_ids_malformed") from None
    order = order_page(visit.read, order_id, visit.api.archived).order
    if "line" in asked:
        place = _number(asked["line"])
        return visit.page(lines_of(visit, order, {}, first=place - 1, most=1, corrected={place - 1}, more=False))
    return visit.page(lines_of(visit, order, {}, first=_number(asked.get("after", "0"))))


def lines_of(
    visit: Visit,
    order: Mapping[str, Any],
    given: Mapping[str, str],
    *,
    first: int = 0,
    most: int = PAGE,
    corrected: set[int] | None = None,
    more: bool = True,
) -> CorrectionLinesContext:
    """A page of the order's lines; those of `corrected` (from 0) have fields, wherever in the order they are."""
    document, chosen = order["document"], corrected or set()
    every = document.get("lines", [])
    places = [place for place in range(len(every)) if first <= place < first + most or place in chosen]
    following = first + most if more and first + most < len(every) else 0
    here = {"order": str(order["order_id"])}
    return CorrectionLinesContext(
        lines=[
            LineRow(
                place=place + 1,
                line=every[place],
                fields=corrections.line_fields(document, place, visit.locale) if place in chosen else [],
                correct=f"/operations/lines?{urlencode(here | {'line': place + 1})}",
                page=f"/operations/new?{urlencode(here | {'action': 'correct', 'line': place + 1})}",
            )
            for place in places
        ],
        next_lines=f"/operations/lines?{urlencode(here | {'after': following})}" if following else "",
        currency=str(document.get("currency", "")),
        given=given,
    )


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise InvalidRequest("a line is named by its number", code="number_malformed")
    return int(text)
