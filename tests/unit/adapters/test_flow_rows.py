"""Rows of tokens become the engine's tokens."""

import uuid
from typing import Any

import pytest

from mtd.adapters.postgres.flow.store import locked_orders
from mtd.engine.model.tokens import Token, Waits

ORDER = uuid.UUID(int=1)
ROW: dict[str, Any] = {
    "token_id": 7,
    "version": 2,
    "order_id": ORDER,
    "node": "check",
    "ordinal": 4,
    "waits": "person",
    "scope": None,
    "host": None,
    "via": None,
    "item": None,
    "size": None,
    "remaining": None,
    "element": None,
    "elements": None,
    "own_values": None,
    "since": None,
    "visit": None,
}


@pytest.mark.parametrize(
    ("columns", "token"),
    [
        ({}, Token(id=4, node="check", waits=Waits.PERSON)),
        (
            {"scope": 3, "item": 1, "element": {"sku": "A"}},
            Token(id=4, node="check", waits=Waits.PERSON, scope=3, item=1, element={"sku": "A"}),
        ),
        (
            {"waits": "inside", "size": 2, "elements": ["a", "b"]},
            Token(id=4, node="check", waits=Waits.INSIDE, size=2, elements=("a", "b")),
        ),
        (
            {"waits": "done", "scope": 3, "item": 0, "own_values": {"ok": True}},
            Token(id=4, node="check", waits=Waits.DONE, scope=3, item=0, values={"ok": True}),
        ),
        (
            {"waits": "service", "visit": "0.2"},
            Token(id=4, node="check", waits=Waits.SERVICE, visit="0.2"),
        ),
        ({"waits": "signal"}, Token(id=4, node="check", waits=Waits.SIGNAL)),
        ({"waits": "condition", "remaining": 0}, Token(id=4, node="check", waits=Waits.CONDITION, left=0)),
    ],
)
def test_a_row_has_all_of_its_token(columns: dict[str, Any], token: Token) -> None:
    order = {
        "order_id": ORDER,
        "data": {},
        "document": None,
        "suspended": False,
        "zone": "America/Lima",
        "visits": {},
    }
    locked = locked_orders([order], [{**ROW, **columns}])[ORDER]
    assert (locked.tokens, str(locked.zone)) == ({4: token}, "America/Lima")
