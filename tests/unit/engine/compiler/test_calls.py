"""Tasks that a connected system serves: how the sheet binds them, and what the import finds in it."""

from decimal import Decimal
from typing import Any

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.unit.support.fraud import DIAGRAM, FRAUD, SHEET, imported

from mtd.domain.errors import ProcessError
from mtd.domain.systems.system import read_system
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source, Verdict
from mtd.engine.model import plan_json
from mtd.engine.model.plan import ErrorCase, NodeKind, Plan
from mtd.engine.model.tokens import (
    MessageReceived,
    TaskAccepted,
    TaskFailed,
    TimerFired,
    Token,
    TokenChanges,
    Trigger,
    Waits,
    applied,
)
from mtd.engine.rules import evaluator
from mtd.engine.rules.schemas import fits, type_of
from mtd.engine.runtime import interpreter


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
        ({"wait": "PT4H"}, "'wait' needs 'later'"),
        ({"later": "checked", "wait": "soon"}, "soon"),
        (
            {"server": "api:/states/validation", "send": None, "result": None, "errors": None, "later": "x"},
            "'later' is for",
        ),
        ({"server": "api:/states/validation"}, "'send' is for tasks of a system"),
        ({"server": "lambda:check"}, "'send' is for tasks of a system"),
    ],
)
def test_what_is_wrong_is_found_at_import(change: dict[str, Any], told: str) -> None:
    report = imported(change)

    assert report.verdict is Verdict.UNBOUND
    assert any(told in str(each) for each in report.unbound), list(map(str, report.unbound))


def test_a_queue_needs_the_message_with_its_answer() -> None:
    queue = {"fraud": read_system("fraud", {"queue": "checks"})}

    assert "is a queue" in str(imported(systems=queue).reason)
    assert imported({"later": "checked"}, systems=queue).verdict is Verdict.READY


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


def run(plan: Plan, *occurrences: Trigger) -> tuple[TokenChanges, dict[str, Any]]:
    """The last step, and the values that all of them left."""
    changes = interpreter.begin(plan, {})
    tokens, values = applied({}, changes), dict(changes.values)
    for each in occurrences:
        changes = interpreter.step(plan, tokens, each, {"data": values})
        tokens, values = applied(tokens, changes), values | dict(changes.values)
    return changes, values


def later(**more: Any) -> Plan:
    """The plan of a system that tells its answer later."""
    plan = imported({"later": "Fraud checked", "send": {"id": "'N'", "amount": "1"}, **more}).plan
    assert plan is not None
    return plan


def test_an_accepted_task_waits_for_the_message_with_its_answer() -> None:
    answer = MessageReceived(message="fraud_checked", values={"score": 7, "other": 1})

    waiting, _ = run(later(), TaskAccepted(token=1))
    changes, values = run(later(), TaskAccepted(token=1), answer)

    [token] = waiting.placed
    assert (token.node, token.waits) == ("check_fraud", Waits.MESSAGE)
    assert (changes.outcome, values) == ("done", {"score": 7})


def test_an_answer_that_refuses_the_order_is_told_by_its_rule() -> None:
    plan = later()
    tokens = {1: Token(id=1, node="check_fraud", waits=Waits.MESSAGE)}
    refusal = MessageReceived(message="fraud_checked", values={"code": "X1", "score": 1})

    assert interpreter.refused_answer(plan, tokens, refusal, {}) == (1, "blocked")
    assert interpreter.step(plan, tokens, TaskFailed(token=1, code="blocked"), {}).outcome == "refused"
    fine = MessageReceived(message="fraud_checked", values={"code": "X2", "score": 1})
    assert interpreter.refused_answer(plan, tokens, fine, {}) is None


def test_an_answer_without_what_is_kept_leaves_the_order_where_it_is() -> None:
    with pytest.raises(ProcessError):
        run(later(), TaskAccepted(token=1), MessageReceived(message="fraud_checked", values={"scoer": 7}))


def test_a_wait_that_the_sheet_ends_takes_the_error_way() -> None:
    plan = later(wait="PT4H")
    timer = plan.nodes["check_fraud_late"]

    assert (timer.kind, timer.time, timer.attached_to) == (NodeKind.BOUNDARY, "PT4H", "check_fraud")
    assert plan.nodes["check_fraud"].on_error == "suspected"
    changes, _ = run(plan, TaskAccepted(token=1))
    begun = interpreter.begin(plan, {})
    [armed] = [token for token in begun.placed if token.host is not None]
    assert (armed.node, armed.waits) == ("check_fraud_late", Waits.TIME)
    assert changes.consumed == ()
    assert run(plan, TaskAccepted(token=1), TimerFired(token=armed.id))[0].outcome == "refused"


def test_a_wait_needs_an_error_way() -> None:
    diagram = "start: Came\nservice: Check fraud\nend: Done\nCame > Check fraud > Done\n"
    sheet = {"tasks": {"Check fraud": {**SHEET, "later": "checked", "wait": "PT4H"}}}
    source = Source(name="p", content=bpmn(draw(diagram)), sheet=sheet)

    [report] = import_sources([source], (), systems={"fraud": FRAUD})

    assert any("needs a boundary error event" in str(each) for each in report.unbound)
