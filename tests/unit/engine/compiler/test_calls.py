"""Tasks that a connected system serves: how the sheet binds them, and what the import finds in it."""

from decimal import Decimal
from typing import Any

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.unit.support.fraud import DIAGRAM, SHEET, imported

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source, Verdict
from mtd.engine.model import plan_json
from mtd.engine.model.plan import ErrorCase, NodeKind
from mtd.engine.rules import evaluator
from mtd.engine.rules.schemas import fits, type_of


def test_a_sheet_says_what_is_sent_and_what_is_kept() -> None:
    report = imported()

    assert (report.verdict, report.unbound) == (Verdict.READY, ())
    assert report.plan is not None
    node = report.plan.nodes["check_fraud"]
    assert (node.kind, node.binding, node.on_error) == (NodeKind.SERVICE, "system:fraud/check", "suspected")
    assert node.call is not None
    order = {"number": "N-1", "payable": Decimal("10.5"), "buyer": {"rut": "1-9"}}
    assert evaluator.evaluate(node.call.send, {"order": order}) == {
        "id": "N-1",
        "amount": Decimal("10.5"),
        "buyer": {"rut": "1-9", "new": True},
    }
    assert [name for name, _ in node.call.result] == ["score"]
    assert node.call.errors[:2] == (ErrorCase(code="suspected", status="409"), ErrorCase(code="refused", status="4xx"))
    assert node.call.errors[2].when is not None


def test_a_plan_with_a_call_is_kept_and_read_again() -> None:
    plan = imported().plan
    assert plan is not None

    document = plan_json.to_json(plan)

    assert document["format"] == 4
    assert plan_json.from_json(document) == plan


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"server": "system:frod/check"}, "no system 'frod' is declared; declared are fraud"),
        ({"server": "system:fraud/chekc"}, "no operation 'chekc'; it has check"),
        ({"server": "system:fraud"}, "write system:name/operation"),
        ({"server": "system:fraud/../admin"}, "write system:name/operation"),
        ({"send": {"id": "order.nubmer", "amount": "1"}}, "send.id"),
        ({"send": {"id": "order.number", "buyer": {"rut": "order.buyer.rutt"}}}, "send.buyer.rut"),
        ({"send": {"id": "order.number"}}, "check requires amount"),
        ({"send": {"id": "order.number", "amount": "1", "color": "'red'"}}, "takes no color"),
        ({"send": {"id": "order.number", "amount": "order.number"}}, "takes amount of another type"),
        ({"send": None}, "check requires id"),
        ({"result": {"score": "answer.scoer"}}, "result.score"),
        ({"result": {"the score": "answer.score"}}, "'the score' under 'result' is no name"),
        ({"errors": {"answer.score": "high"}}, "errors"),
        ({"errors": {"answer.kode == 'X'": "high"}}, "errors"),
        ({"server": "api:/states/validation"}, "'send' is for tasks of a system"),
        ({"server": "lambda:check"}, "'send' is for tasks of a system"),
    ],
)
def test_what_is_wrong_is_found_at_import(change: dict[str, Any], told: str) -> None:
    report = imported(change)

    assert report.verdict is Verdict.UNBOUND
    assert any(told in str(each) for each in report.unbound), list(map(str, report.unbound))


def test_where_the_declarations_are_not_at_hand_any_system_may_be_named() -> None:
    sheet = {"tasks": {"Check fraud": {**SHEET, "server": "system:other/anything"}}}
    [report] = import_sources([Source(name="p", content=bpmn(draw(DIAGRAM)), sheet=sheet)], ())

    assert report.verdict is Verdict.READY


@pytest.mark.parametrize(
    "change",
    [{"send": "order"}, {"send": {"id": ["order.number"]}}, {"result": {"a": {"b": "answer"}}}, {"errors": []}],
)
def test_a_sheet_that_maps_nothing_is_refused(change: dict[str, Any]) -> None:
    report = imported(change)

    assert report.verdict is Verdict.REFUSED
    assert "must map names to rules" in str(report.reason)


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": "integer"}, "number"),
        ({"type": ["string", "null"]}, "text"),
        ({"type": ["string", "number"]}, "any"),
        ({"type": "array", "items": {"type": "boolean"}}, ["bool"]),
        ({"type": "array"}, ["any"]),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": "text"}),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": True}, "any"),
        ({"type": "object"}, "any"),
        ({}, "any"),
        (None, "any"),
    ],
)
def test_a_schema_gives_the_type_that_rules_see(schema: Any, wanted: Any) -> None:
    assert type_of(schema) == wanted


@pytest.mark.parametrize(
    ("found", "wanted", "fit"),
    [
        ("number", "number", True),
        ("number", "text", False),
        ("any", "text", True),
        (["text"], ["text"], True),
        (["text"], ["number"], False),
        ({"a": "text"}, {"a": "text", "b": "number"}, True),
        ({"c": "text"}, {"a": "text"}, False),
        ({"a": "text"}, "text", False),
    ],
)
def test_types_fit_where_the_other_is_wanted(found: Any, wanted: Any, fit: bool) -> None:
    assert fits(found, wanted) is fit
