"""A diagram that nobody has bound runs: people do what nothing serves, and answer what no rule decides."""

from typing import Any

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.cases import Run
from tests.support.diagrams import draw
from tests.support.engine_cases import case_report
from tests.support.imports import SMALL, report_of

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.forms import made_forms
from mtd.engine.compiler.importing import compile_plan, import_sources
from mtd.engine.compiler.reports import Report, Source, Verdict
from mtd.engine.model import plan_json
from mtd.engine.model.plan import Choice, Node, NodeKind


def node_of(report: Report, name: str) -> Node:
    assert report.verdict is Verdict.READY, report.reason
    assert report.plan is not None
    return report.plan.nodes[name]


def group_of(report: Report, name: str) -> str:
    node = node_of(report, name)
    assert node.kind is NodeKind.PERSON
    assert node.work is not None
    return node.work.group


@pytest.mark.parametrize("kind", ["task", "service", "send", "script", "rule", "call", "throw"])
@pytest.mark.parametrize(("lane", "group"), [("Cajero principal", "cajero_principal"), ("", "test")])
def test_a_person_of_the_lane_or_the_pool_does_what_nothing_serves(kind: str, lane: str, group: str) -> None:
    said = "message=m" if kind == "throw" else "x=y"
    report = report_of(SMALL % f"{kind}: A | {said}, lane={lane}")

    assert group_of(report, "a") == group
    [remark] = map(str, report.walkthrough)
    assert remark.startswith(f"until a system is bound to it, a person of group {group} does ")


def test_an_abstract_task_in_a_lane_is_done_by_the_lanes_group() -> None:
    report = case_report("64")
    assert group_of(report, "a") == "cajero"


def test_names_in_any_script_are_bound() -> None:
    report = case_report("35")
    assert (group_of(report, "审批"), group_of(report, "发货")) == ("finance", "warehouse")


@pytest.mark.parametrize("name", ["48a", "48b", "48c"])
def test_a_server_that_nothing_serves_is_refused_at_import(name: str) -> None:
    report = case_report(name)
    assert (report.verdict, report.reason and report.reason.code) == (Verdict.UNBOUND, "nobody_serves")


CHOICE = """
    start: S
    user: Review | group=sales, form=review
    xor: Paid? | lane=Till
    end: Yes way
    end: No way
    S > Review > Paid? >[Sí, al contado] Yes way
    Paid? >[No] No way
"""
ANSWER = Choice(name="paid", question="Paid?", options=("Sí, al contado", "No"))


def test_the_task_before_a_gateway_asks_for_its_answer() -> None:
    report = report_of(CHOICE)
    work = node_of(report, "review").work
    assert work is not None
    assert (work.choices, work.extends) == ((ANSWER,), "review")
    assert report.plan is not None
    form = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}
    assert made_forms(report.plan, {"review": form}) == {
        work.form: {
            "type": "object",
            "properties": {
                "note": {"type": "string"},
                "paid": {"type": "string", "title": "Paid?", "enum": ["Sí, al contado", "No"]},
            },
            "required": ["note", "paid"],
        }
    }
    assert Run(report.plan).start().done("review", paid="Sí, al contado").outcome == "yes_way"
    assert Run(report.plan).start().done("review", paid="No").outcome == "no_way"


def test_plans_with_choices_survive_their_json() -> None:
    for text in (CHOICE, INCLUSIVE):
        plan = report_of(text).plan
        assert plan is not None
        assert plan_json.from_json(plan_json.to_json(plan)) == plan


def test_a_sheets_rule_replaces_the_choice() -> None:
    report = report_of(CHOICE, gateways={"Paid?": "data.paid"})
    work = node_of(report, "review").work
    assert work is not None
    assert (work.choices, work.form, report.walkthrough) == ((), "review", ())
    assert report.plan is not None
    assert Run(report.plan).start().done("review", paid=True).outcome == "yes_way"


NO_TASK_BEFORE = """
    start: S
    service: A | binding=api:/states/validation
    xor: Paid? | lane=Till
    user: B | group=g
    end: E
    S > A > Paid? >[Yes] B > Paid?
    Paid? >[No] E
"""


def test_a_decision_task_is_put_in_where_no_task_stands_before_the_gateway() -> None:
    report = report_of(NO_TASK_BEFORE)
    assert group_of(report, "decide_paid") == "till"
    assert report.plan is not None
    case = Run(report.plan).start().done("a")
    assert case.places == ["decide_paid"]
    assert case.done("decide_paid", paid="Yes").done("b").done("decide_paid", paid="No").outcome == "e"


INCLUSIVE = """
    start: S
    or: F
    user: A | group=g
    user: B | group=g
    or: Both
    user: C | group=g
    user: D | group=g
    or: J
    end: E
    S > F >[order.payable > 1] A > Both
    F >[*] B > Both
    Both >[Wrap] C > J > E
    Both >[Send] D > J
"""


def test_an_inclusive_gateway_asks_for_several_answers_after_it_has_joined() -> None:
    report = report_of(INCLUSIVE)
    assert report.plan is not None
    case = Run(report.plan, {"order": {"payable": 0}}).start().done("b")
    assert case.places == ["decide_both"]
    assert case.done("decide_both", both=["Wrap", "Send"]).places == ["c", "d"]


def test_flows_without_labels_are_chosen_by_where_they_lead() -> None:
    report = report_of("start: S\nuser: A | group=g\nxor: X\nend: Home\nend: Away\nS > A > X > Home\nX > Away")
    work = node_of(report, "a").work
    assert work is not None
    assert [choice.options for choice in work.choices] == [("Home", "Away")]


@pytest.mark.parametrize(
    ("said", "answer", "end"),
    [({"x": "gift_card"}, True, "a"), ({"X": "gift_card"}, False, "b")],
)
def test_labels_may_say_more_than_yes_or_no(said: dict[str, str], answer: bool, end: str) -> None:
    report = report_of("start: S\nxor: X\nend: A\nend: B\nS > X >[Sim, claro] A\nX >[Não: nada] B", gateways=said)
    assert report.plan is not None
    assert Run(report.plan, {"gift_card": answer}).start().outcome == end


@pytest.mark.parametrize("said", [{"One / Pay": {"group": "x"}}, {"A": {"group": "x"}}])
def test_a_name_that_several_share_is_bound_by_lane_or_id(said: dict[str, Any]) -> None:
    drawing = draw("start: S\ntask: A | lane=One\ntask: B | lane=Two\nend: E\nS > A > B > E")
    content = bpmn(drawing).replace(b'name="A"', b'name="Pay"').replace(b'name="B"', b'name="Pay"')
    [report] = import_sources([Source(name="p", content=content, sheet={"tasks": said})], ())
    assert (group_of(report, "pay"), group_of(report, "pay_2")) == ("x", "two")


def test_what_people_stand_in_for_cannot_be_deployed_as_the_orders_own_process() -> None:
    with pytest.raises(ProcessError, match="until a system is bound to it"):
        compile_plan(bpmn(draw(SMALL % "service: A")), "p", ())


def test_the_report_calls_what_has_no_name_by_its_neighbour() -> None:
    content = bpmn(draw(NO_TASK_BEFORE)).replace(b'name="Paid?"', b"")
    [report] = import_sources([Source(name="p", content=content)], ("validation",))
    assert [str(each) for each in report.walkthrough] == [
        "the unnamed gateway after 'A' has no rule: a person of group till decides"
    ]


@pytest.mark.parametrize("condition", ["Monto mayor a 100", "Approved", "amount > 100", "1", "${ok}"])
def test_a_drawn_condition_that_is_a_sentence_is_answered_by_a_person(condition: str) -> None:
    drawing = draw("start: S\nuser: A | group=g\nxor: X\nend: B\nend: C\nS > A > X >[Big] B\nX >[Small] C")
    written = f'name="Big" sourceRef="X" targetRef="B">\n<conditionExpression>{condition}</conditionExpression>'
    content = bpmn(drawing).replace(b'name="Big" sourceRef="X" targetRef="B">', written.encode())
    [report] = import_sources([Source(name="p", content=content)], ())
    work = node_of(report, "a").work
    assert work is not None
    assert [choice.options for choice in work.choices] == [("Big", "Small")]
    assert any("its condition is no rule" in str(each) for each in report.fixes)
