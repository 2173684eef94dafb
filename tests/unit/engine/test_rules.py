"""The rule language: what it reads, checks, answers and refuses."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.orders import OrderFile

from mtd.domain.errors import ProcessError
from mtd.domain.orders import ubl
from mtd.domain.orders.facts import NAMES, facts
from mtd.engine.rules import evaluator, parser, timers, types

ORDER = facts(ubl.parse_order(OrderFile(number="N-1", gift_card="GC-1").xml().encode()), {"approved": True, "tries": 3})


def answer(text: str, known: dict[str, Any] | None = None) -> Any:
    tree = parser.parse(text)
    assert json.loads(json.dumps(tree)) == tree
    return evaluator.evaluate(tree, ORDER if known is None else known)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 / 4", Decimal("2.5")),
        ("7 % 4 - 1", 2),
        ("-2 + 3", 1),
        ("- -1", 1),
        ("0.1 + 0.2 == 0.3", True),
        ("1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", True),
        ("1 != 1 || !false", True),
        ("true || unknown", True),
        ("false && unknown", False),
        ("true ? 1 : 2", 1),
        ("false ? 1 : true ? 2 : 3", 2),
        ("'a' + \"b\" == 'ab'", True),
        (r"'it\'s' == " + '"it\'s"', True),
        ("'x' in ['x', 'y']", True),
        ("null == null", True),
        ("size('four')", 4),
        ("size([1, 2])", 2),
        ("double('1.50') == 1.5", True),
        ("string(1.5) == '1.5'", True),
        ("'Santiago'.startsWith('San') && 'Santiago'.endsWith('go') && 'Santiago'.contains('tia')", True),
        ("[1, 2, 3].exists(n, n > 2)", True),
        ("[1, 2, 3].all(n, n > 2)", False),
        ("[1, 2, 3][1]", 2),
        ("gift_card", True),
        ("order.gift_card == 'GC-1'", True),
        ("order.number == 'N-1'", True),
        ("order.lines.all(line, line.quantity > 0)", True),
        ("has(order.promised_on)", False),
        ("has(data.approved) && data.approved", True),
        ("has(data.other)", False),
        ("data.tries + 1", 4),
    ],
)
def test_rules_answer(text: str, expected: Any) -> None:
    assert answer(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("1 +", "it ends too soon"),
        ("(1", "')' is missing at its end"),
        ("1 2", "'2' is not expected"),
        ("a = 1", "'= 1' is not understood"),
        ("order.", "a name is missing at its end"),
        ("[1, 2", "',' is missing"),
        ("exec('x')", "there is no function 'exec'"),
        ("order.__class__.pop()", "there is no function 'pop'"),
        ("has(order)", "has() takes a field"),
        ("size(1, 2)", "1 argument is needed, 2 are given"),
        ("`x`", "not understood"),
        ("(" * 60 + "1" + ")" * 60, "nests too deeply"),
        ("a" + ".a" * 200, "150 operators"),
        ("1" + "+1" * 200, "150 operators"),
        ("!" * 200 + "true", "150 operators"),
        ("1" * 2_001, "2000 at most"),
        ("'open", "not understood"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ProcessError, match="rule") as refused:
        parser.parse(text)
    assert reason in str(refused.value)


def test_the_deepest_rules_are_still_answered() -> None:
    assert answer("1" + "+1" * 150) == 151
    assert answer("!" * 150 + "true") is True
    assert answer("(" * 30 + "1" + ")" * 30) == 1


@given(st.text(alphabet="abo.()[]!&|<>=+-*/%?:,'\" 12", max_size=40))
def test_any_text_is_read_or_refused_and_answers_or_says_why(text: str) -> None:
    try:
        tree = parser.parse(text)
        types.check(tree, NAMES)
    except ProcessError:
        return
    codes = []
    try:
        evaluator.evaluate(tree, ORDER)
    except ProcessError as error:
        codes.append(error.code)
    assert set(codes) <= {"unknown_fact"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gift_cart", "there is no fact 'gift_cart'; there are data, gift_card, order"),
        ("order.payabel > 1", "there is no field 'payabel'"),
        ("order.number > 1", "a text is compared with a number"),
        ("order.payable == 'x'", "a number is compared with a text"),
        ("order.payable && true", "&& asks for a bool and gets a number"),
        ("!order.number", "! asks for a bool and gets a text"),
        ("order.number * 2 == 4", "* asks for a number and gets a text"),
        ("order.lines.exists(l, l.weight > 1)", "there is no field 'weight'"),
        ("order.buyer.exists(l, true)", "a group of facts stands where a list is asked"),
        ("order.lines.all(l, l.sku)", "a condition asks for a bool and gets a text"),
        ("'x' in order.number", "a text stands where a list is asked"),
        ("order.number ? 1 : 2", "? asks for a bool and gets a text"),
        ("has(order.weight)", "there is no field 'weight'"),
        ("order.seller.rut.x == 1", "there is no field 'x'"),
    ],
)
def test_names_and_types_are_checked_before_any_order_comes(text: str, reason: str) -> None:
    tree = parser.parse(text)
    with pytest.raises(ProcessError, match=re.escape(reason)):
        types.check(tree, NAMES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order.payable + 1", "number"),
        ("order.lines", [NAMES["order"]["lines"][0]]),
        ("order.lines[0].sku", "text"),
        ("data.anything", "any"),
        ("gift_card ? 'a' : 'b'", "text"),
        ("gift_card ? 'a' : 1", "any"),
        ("[1]", ["number"]),
        ("-order.payable < 3", "bool"),
        ("order.promised_on == null", "bool"),
        ("'a' + 'b'", "text"),
    ],
)
def test_rules_have_types(text: str, expected: Any) -> None:
    assert types.check(parser.parse(text), NAMES) == expected


@pytest.mark.parametrize(
    "text", ["order.payable > 1", "order.x", "missing", "order.lines[7]", "1 / 0", "double('x')", "null < 1", "size(1)"]
)
def test_what_an_order_lacks_is_told_as_such(text: str) -> None:
    with pytest.raises(ProcessError) as lacking:
        answer(text, {"order": {"payable": None, "lines": []}})
    assert lacking.value.code == "unknown_fact"


def test_a_condition_must_be_true_or_false() -> None:
    with pytest.raises(ProcessError, match="where true or false is asked"):
        evaluator.holds(["field", ["name", "data"], "x"], {"data": {"x": 1}})


KINDS: dict[str, Any] = {"text": str, "bool": bool, "number": (Decimal, int), "any": object}


def test_every_fact_that_is_named_is_there() -> None:
    def same(names: Any, values: Any) -> None:
        if isinstance(names, dict):
            assert set(names) == set(values)
            for name in names:
                same(names[name], values[name])
        elif isinstance(names, list):
            for value in values:
                same(names[0], value)
        elif values is not None:
            assert isinstance(values, KINDS[names])

    same(NAMES, ORDER)


@pytest.mark.parametrize(
    ("value", "kept"), [(Decimal("3.0"), 3), (Decimal("1.50"), "1.50"), ([Decimal(1), True], [1, True]), ("x", "x")]
)
def test_values_are_kept_as_json(value: Any, kept: Any) -> None:
    assert evaluator.storable(value) == kept


NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("PT2H", "2026-09-01T14:00:00+00:00"),
        ("P1DT30M", "2026-09-02T12:30:00+00:00"),
        ("PT1.5S", "2026-09-01T12:00:01.500000+00:00"),
        ("P1W", "2026-09-08T12:00:00+00:00"),
        ("2026-09-18", "2026-09-18T00:00:00+00:00"),
        ("2026-09-18T10:00:00-03:00", "2026-09-18T10:00:00-03:00"),
        ("R3/PT1H", "2026-09-01T13:00:00+00:00"),
        ("R/2026-09-07T10:00:00/PT2H", "2026-09-07T10:00:00+00:00"),
        ("= data.when", "2026-09-18T00:00:00+00:00"),
    ],
)
def test_times_come_due(text: str, due: str) -> None:
    timers.check(text)
    assert timers.due_at(text, NOW, {"data": {"when": "2026-09-18"}}).isoformat() == due


@pytest.mark.parametrize("text", ["P", "PT", "2 hours", "R3/soon", "P1Y1S", "2026-02-30", "PT99999999999H", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ProcessError, match="no ISO 8601 time"):
        timers.check(text)


def test_a_time_that_an_order_lacks_is_told() -> None:
    with pytest.raises(ProcessError, match="which is no time"):
        timers.due_at("= order.promised_on", NOW, ORDER)
