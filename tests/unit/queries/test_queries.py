import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.queries.orders import search
from mtd.queries.orders.orders import list_orders, timeline
from mtd.queries.orders.search import Filter

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _token(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode()


def row(number: str) -> dict[str, Any]:
    return {
        "number": number,
        "state": "completed",
        "ended": True,
        "reason": None,
        "seller": "S",
        "buyer": "B",
        "currency": "CLP",
        "total": 10,
        "received_at": AT,
        "updated_at": AT,
        "id": f"id-{number}",
    }


def test_a_page_ends_with_the_way_to_the_next() -> None:
    asked: list[Any] = []

    def read(_: str, parameters: Any) -> list[dict[str, Any]]:
        asked.append(parameters)
        return [row(str(i)) for i in range(parameters["limit"])]

    page = list_orders(read, state=None, number=None, limit=2, after=None)
    list_orders(read, state=None, number=None, limit=2, after=page["next"])

    assert [order["number"] for order in page["orders"]] == ["0", "1"]
    assert set(page["orders"][0]) == set(
        ("number state ended reason seller buyer currency total received_at updated_at").split()
    )
    assert (asked[1]["after_at"], asked[1]["after_id"]) == (AT.isoformat(), "id-1")


@pytest.mark.parametrize(
    ("limit", "after"),
    [
        (0, None),
        (1001, None),
        (10, "nonsense"),
        (10, "WzEsMl0="),
        (10, "é"),
        (10, _token(["0001-01-01T00:00:00+14:00", "x"])),
        (10, _token(["2026-01-01", "x"])),
        (10, _token("[" * 20_000)),
    ],
)
def test_malformed_pages_are_refused(limit: int, after: str | None) -> None:
    with pytest.raises(InvalidRequest):
        list_orders(lambda *_: [], state=None, number=None, limit=limit, after=after)


def test_an_unknown_number_is_not_found() -> None:
    with pytest.raises(NotFound):
        timeline(lambda *_: [], "x", lambda *_: {})


@pytest.mark.parametrize(
    ("text", "rut"), [("6.824.160-k", "6824160-K"), ("06824160K", "6824160-K"), ("CL-2026-000012", None), ("ana", None)]
)
def test_a_search_for_a_rut_looks_for_it_as_orders_hold_it(text: str, rut: str | None) -> None:
    asked: list[Mapping[str, Any]] = []

    def read(_query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked.append(parameters)
        return []

    search.search(read, Filter(text=text))

    assert (asked[0]["text"], asked[0]["rut"]) == (text, rut)
