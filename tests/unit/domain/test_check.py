import contextlib
import copy
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.orders import OrderFile

from mtd.domain.errors import BusinessError, RejectedOrder
from mtd.domain.orders import check, ubl
from mtd.domain.orders import order as orders
from mtd.domain.orders.facts import facts
from mtd.domain.orders.totals import amounts
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.issuer import TaxSettings

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
        ("buyer/rut", []),
        ("buyer/rut", {}),
        ("buyer/rut", "NaN"),
        ("buyer/rut", ""),
        ("buyer/rut", "12492186-5"),
        ("buyer/email", ["a@b.cl"]),
        ("buyer/city", {"a": "b"}),
        ("buyer/country", ["CL"]),
        ("buyer/activity", ["x"]),
        ("seller/rut", ["a"]),
        ("seller/city", []),
        ("gift_card", {}),
        ("gift_card", []),
        ("lines/0/unit", []),
        ("lines/0/tax_category", ["E"]),
        ("adjustments", [{"amount": "1", "reason": ["x"]}]),
    ],
)
def test_almost_right_orders_are_refused(path: str, value: Any) -> None:
    with pytest.raises(RejectedOrder):
        check.read_order(changed(path, value))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _paths(part: Any, path: str = "") -> list[str]:
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [found for key, inner in items for found in (f"{path}{key}", *_paths(inner, f"{path}{key}/"))]


@given(path=st.sampled_from(_paths(DOCUMENT)), value=_JSON)
def test_whatever_json_is_sent_in_a_fields_place_is_refused_or_is_an_order_to_the_end(path: str, value: Any) -> None:
    """An accepted order must not fail where it is shown, asked by a rule, summed up or taxed."""
    try:
        order = check.read_order(changed(path, value))
    except RejectedOrder:
        return
    assert orders.from_json(json.loads(json.dumps(orders.to_json(order)))) == order
    known: Any = facts(order)
    assert isinstance(known["order"]["number"], str)
    with contextlib.suppress(BusinessError):
        amounts(order)
        documents_of(order, TaxSettings(), date(2026, 11, 20))
