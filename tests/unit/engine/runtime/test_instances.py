"""Multi-instance activities: the list is captured, each instance has its element, results come back as a list."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.support.cases import Run
from tests.support.engine_cases import case_report, case_source
from tests.support.imports import report_of

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Verdict
from mtd.engine.model import plan_json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import TaskCompleted, Token, Waits, applied, token_from_json, token_json
from mtd.engine.runtime import interpreter
from mtd.engine.runtime.restoring import instance_of, move, skip, tokens_at
from mtd.engine.runtime.transfer import NodeMapping, VersionTransfer

MANY = """
    start: S
    user: A | group=g, many=%s, each=data.list, as=who%s
    user: B | group=g
    end: E
    S > A > B > E
"""
LIST = {"list": ["ann", "bob", "eve"]}


def plan_of(many: str, more: str = "") -> Plan:
    report = report_of(MANY % (many, more))
    assert report.verdict is Verdict.READY, report.reason
    assert report.plan is not None
    return report.plan


def instance(case: Run, item: int) -> Token:
    return next(t for t in case.tokens.values() if t.item == item and t.waits is Waits.PERSON)


def answer(case: Run, item: int, **values: Any) -> Run:
    return case.do(TaskCompleted(token=instance(case, item).id, values=values))


def test_results_come_back_as_a_list_in_the_order_of_the_elements() -> None:
    report = case_report("22")
    assert report.plan is not None
    case = Run(report.plan).start()
    assert [instance(case, item).element for item in range(3)] == ["a", "b", "c"]
    answer(answer(case, 1, approved=False), 0, approved=False)
    assert "approved" not in case.data
    with pytest.raises(ProcessError, match="true or false"):
        answer(case, 2, approved=True)


def test_a_rule_asks_all_of_the_results() -> None:
    source = case_source("22")
    assert isinstance(source.sheet, dict)
    [report] = import_sources(
        [replace(source, sheet=source.sheet | {"flows": {"G -> Ok": "data.approved.all(each, each)"}})], ()
    )
    assert report.plan is not None
    for last, place in ((True, "bad"), (False, "bad")):
        case = Run(report.plan).start()
        answer(answer(answer(case, 0, approved=False), 2, approved=last), 1, approved=False)
        assert (case.data["approved"], case.places) == ([False, False, last], [place])
    case = Run(report.plan).start()
    assert answer(answer(answer(case, 2, approved=True), 1, approved=True), 0, approved=True).places == ["ok"]


@pytest.mark.parametrize("many", ["parallel", "sequential"])
def test_the_list_is_captured_when_the_activity_starts(many: str) -> None:
    case = Run(plan_of(many), data=dict(LIST)).start()
    case.data["list"] = []
    for item, who in enumerate(LIST["list"]):
        assert instance(case, item).element == who
        assert interpreter.facts_at(case.plan, case.tokens, instance(case, item).id, case.known)["who"] == who
        answer(case, item, seen=who)
    assert (case.data["seen"], case.places) == (LIST["list"], ["b"])


def test_an_instance_that_leaves_nothing_leaves_a_gap() -> None:
    case = Run(plan_of("parallel"), data=dict(LIST)).start()
    answer(answer(answer(case, 2, a=1), 0), 1, b=2)
    assert (case.data["a"], case.data["b"]) == ([None, None, 1], [None, 2, None])


INSIDE = """
    start: S
    sub: Each | many=%s, each=order.lines, as=line {
        start: Q
        user: Check | group=g
        xor: Heavy?
        user: Lift | group=g
        end: R
        Q > Check > Heavy? >[data.heavy && line.quantity > 1.5] Lift > R
        Heavy? >[*] R
    }
    end: E
    S > Each > E
"""


@pytest.mark.parametrize("many", ["parallel", "sequential"])
def test_rules_inside_see_the_values_of_their_own_instance(many: str) -> None:
    lines = {"order": {"lines": [{"quantity": Decimal("2.5")}, {"quantity": 2.5}, {"quantity": 1}]}}
    report = report_of(INSIDE % many)
    assert report.plan is not None
    case = Run(report.plan, lines).start()
    for heavy in (True, False, True):
        case.done("check", heavy=heavy)
        if "lift" in case.places and many == "sequential":
            case.done("lift", lifted=True)
    if many == "parallel":
        case.done("lift", lifted=True)
    assert case.outcome == "e"
    assert (case.data["heavy"], case.data["lifted"]) == ([True, False, True], [True, None, None])


@pytest.mark.parametrize(
    ("until", "answers", "places"),
    [
        ("data.ok == true", [False, True], ["b"]),
        ("numberOfCompletedInstances >= 2", [False, False], ["b"]),
        ("numberOfActiveInstances < 1", [False, False], ["a", "a", "a", "a"]),
    ],
)
@pytest.mark.parametrize("many", ["parallel", "sequential"])
def test_a_completion_condition_ends_the_rest(many: str, until: str, answers: list[bool], places: list[str]) -> None:
    case = Run(plan_of(many, f", until={until}"), data=dict(LIST)).start()
    for item, ok in enumerate(answers):
        answer(case, item, ok=ok)
    assert case.places == places
    if places == ["b"]:
        assert case.data["ok"] == [*answers, None]


def test_both_formats_keep_the_completion_condition() -> None:
    plan = plan_of("parallel", ", until=data.ok")
    assert plan.nodes["a"].repeat is not None
    assert plan.nodes["a"].repeat.until == ["field", ["name", "data"], "ok"]
    assert plan_json.from_json(plan_json.to_json(plan)) == plan


def test_tokens_with_elements_survive_their_json() -> None:
    for many in ("parallel", "sequential"):
        case = answer(Run(plan_of(many), data=dict(LIST)).start(), 0, x={"y": [1]})
        for token in case.tokens.values():
            assert token_from_json(token_json(token)) == token


def test_a_plan_names_the_third_format_only_where_it_needs_it() -> None:
    plain = report_of("start: S\nuser: A | group=g\nend: E\nS > A > E").plan
    assert plain is not None
    for plan, found in ((plain, 2), (plan_of("parallel"), 3)):
        document = plan_json.to_json(plan)
        assert (document["format"], plan_json.from_json(document)) == (found, plan)


def test_a_plan_of_an_earlier_release_runs_as_it_did() -> None:
    document = plan_json.to_json(plan_of("parallel")) | {"format": 2}
    for node in document["nodes"]:
        if "repeat" in node:
            del node["repeat"]["collect"]
    case = Run(plan_json.from_json(document), data=dict(LIST)).start()
    answer(answer(answer(case, 2, ok=True), 1, ok=True), 0, ok=False)
    assert case.data["ok"] is False


@pytest.mark.parametrize("many", ["parallel", "sequential"])
def test_tokens_of_an_earlier_release_are_carried_on(many: str) -> None:
    case = Run(plan_of(many), data=dict(LIST)).start()
    case.tokens = {t.id: replace(t, element=None, elements=None, left=None) for t in case.tokens.values()}
    for item in range(3):
        assert interpreter.facts_at(case.plan, case.tokens, instance(case, item).id, case.known)["who"] is not None
        answer(case, item, n=item)
        case.tokens = {t.id: replace(t, element=None, left=None) for t in case.tokens.values()}
    assert (case.data["n"], case.places) == ([0, 1, 2], ["b"])


def test_one_instance_can_be_skipped() -> None:
    report = case_report("38")
    assert report.plan is not None
    case = Run(report.plan, {"order": {"lines": [{"id": "1"}, {"id": "2"}]}}).start().done("q")
    second = [token for token in case.tokens.values() if token.node == "w"][1]
    case._take(skip(report.plan, case.tokens, second, case.known))
    assert sorted(token.node for token in case.tokens.values() if token.waits is Waits.PERSON) == ["v", "w"]


@pytest.mark.parametrize(("before", "after"), [("parallel", "sequential"), ("sequential", "parallel")])
def test_orders_are_transferred_between_parallel_and_sequential(before: str, after: str) -> None:
    old, new = plan_of(before), plan_of(after)
    case = answer(Run(old, data=dict(LIST)).start(), 0, n=0)
    carried = VersionTransfer(old, new, NodeMapping()).carry(case.tokens)
    moved = Run(new, data=case.data, tokens=carried)
    for item in (1, 2):
        answer(moved, item, n=item)
    assert (moved.data["n"], moved.places) == ([0, 1, 2], ["b"])


def test_a_completion_of_one_of_many_needs_its_own_token_and_the_one_around_it() -> None:
    case = Run(plan_of("parallel"), data={"list": list(range(500))}).start()
    for item in range(500):
        token = instance(case, item)
        around = case.tokens[token.scope or 0]
        alone = interpreter.completes_alone(case.plan, token, around)
        assert alone == (item < 499)
        tokens = {token.id: token, around.id: around} if alone else case.tokens
        changes = interpreter.step(case.plan, tokens, TaskCompleted(token=token.id, values={"n": item}), case.known)
        assert len(changes.placed) + len(changes.consumed) <= 2 or not alone
        case.tokens = applied(case.tokens, changes)
        case.data |= changes.values
    assert (case.data["n"], case.places) == (list(range(500)), ["b"])


def test_five_hundred_drawn_branches_are_imported() -> None:
    report = case_report("31")
    assert report.verdict is Verdict.READY, report.reason


def test_a_place_names_one_instance_or_all() -> None:
    report = case_report("38")
    assert report.plan is not None
    case = Run(report.plan, {"order": {"lines": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}}).start().done("q")
    assert len(tokens_at(case.tokens, "w")) == 3
    [second] = tokens_at(case.tokens, "w[1]")
    assert instance_of(case.tokens, second) == 1
    moved = move(report.plan, case.tokens, second, "v", case.known)
    assert [(token.node, token.id) for token in moved.placed] == [("v", second.id)]
    assert tokens_at(case.tokens, "w[3]") == tokens_at(case.tokens, "nowhere") == tokens_at(case.tokens, "w[") == []
