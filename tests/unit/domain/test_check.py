import copy
import json
from typing import Any

import pytest
from tests.support.orders import OrderFile

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import check, ubl
from mtd.domain.orders import order as orders

DOCUMENT = orders.to_json(ubl.parse_order(OrderFile(number="N", gift_card="GC-1").xml().encode()))


def changed(path: str, value: Any) -> Any:
    """The document with another value at the path; absent where the value is `...`."""
    document = copy.deepcopy(DOCUMENT)
    target: Any = document
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return document


def test_what_was_written_is_read() -> None:
    assert orders.to_json(check.read_order(json.loads(json.dumps(DOCUMENT)))) == DOCUMENT


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, {"number": "N"}])
def test_what_is_no_order(value: Any) -> None:
    with pytest.raises(RejectedOrder):
        check.read_order(value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("number", ...),
        ("number", None),
        ("number", 5),
        ("number", ""),
        ("number", "a\0"),
        ("number", "x" * 5_000),
        ("number", "\ud800"),
        ("currency", "XXQ"),
        ("currency", ["CLP"]),
        ("issued_on", "soon"),
        ("issued_on", 2026),
        ("seller", "x"),
        ("seller", []),
        ("seller/id", None),
        ("seller/id", "9" * 3_000),
        ("seller/name", None),
        ("seller/name", {"a": 1}),
        ("seller/email", 5),
        ("buyer/more", "x"),
        ("buyer/name", "a\0b"),
        ("lines", []),
        ("lines", {}),
        ("lines", "ab"),
        ("lines/0", None),
        ("lines/0/quantity", "0"),
        ("lines/0/quantity", "NaN"),
        ("lines/0/quantity", 2),
        ("lines/0/quantity", "1E-999999"),
        ("lines/0/name", 3),
        ("lines/0/base_quantity", "0"),
        ("lines/0/price", "-1"),
        ("lines/0/price", "Infinity"),
        ("lines/0/id", ...),
        ("totals", []),
        ("totals", {"unknown": "1"}),
        ("totals/payable", "sNaN"),
        ("totals/payable", None),
        ("adjustment", "1e99"),
        ("gift_card", 7),
        ("promised_on", "tomorrow"),
        ("requested_document", "33"),
        ("requested_document", True),
    ],
)
def test_almost_right_orders_are_refused(path: str, value: Any) -> None:
    with pytest.raises(RejectedOrder):
        check.read_order(changed(path, value))
