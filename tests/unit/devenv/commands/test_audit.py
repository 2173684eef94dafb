"""`mtd audit verify`: all pages of the API's answer as one."""

from collections.abc import Mapping
from typing import Any

import pytest

from devenv.commands.records.audit import _show, verified
from devenv.orders.orders_client import OrdersClient
from devenv.problem import Problem

_BREAK = {
    "kind": "changed",
    "says": "its hash is another",
    "number": "A-1",
    "order_id": None,
    "event_id": 7,
    "position": 2,
    "day": None,
}


class Pages(OrdersClient):
    """Stands for the API: the answer to each `after`; None where no order has the number."""

    def __init__(self, pages: Mapping[str | None, dict[str, Any] | None]) -> None:
        self._pages = pages

    def call(self, _method: str, _path: str, query: dict[str, str | None] | None = None, **_: Any) -> Any:  # type: ignore[override]
        return self._pages[(query or {}).get("after")]


def _page(following: str | None, broken: list[dict[str, Any]] | None = None, **counts: int) -> dict[str, Any]:
    return {"orders": 0, "events": 0, "days": 0, "objects": 0, "broken": broken or [], "next": following, **counts}


def test_the_pages_of_orders_days_and_archive_count_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    api = Pages(
        {
            None: _page("days 2026-01-01", orders=2, events=14),
            "days 2026-01-01": _page("archive ", days=31),
            "archive ": _page(None, objects=3, events=40),
        }
    )
    verification = verified(api, None)
    assert verification == {"orders": 2, "events": 54, "days": 31, "objects": 3, "broken": []}
    _show(verification)
    assert " ".join(capsys.readouterr().out.split()) == (
        "Intact: 54 events of 2 orders, 31 sealed days, 3 objects of the archive."
    )


def test_a_break_on_a_later_page_is_shown_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    verification = verified(Pages({None: _page("archive "), "archive ": _page(None, [_BREAK])}), None)
    assert verification["broken"] == [_BREAK]
    _show(verification)
    shown = capsys.readouterr().out
    assert "NOT intact: 1 broken" in shown
    assert "its hash is another" in shown


def test_a_number_that_no_order_has_is_a_sentence() -> None:
    with pytest.raises(Problem, match="No order has the number 'A-1'"):
        verified(Pages({None: None}), "A-1")
