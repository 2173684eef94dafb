"""The interpreter beside SpiffWorkflow: after every occurrence both must wait for the same work and the same events.

Every importable process of the test data and of the seed is run with generated answers to its rules and a generated
order of occurrences, and so are generated processes. Where the two differ on purpose, DIFFERENCES says why.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.spiff import Oracle

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source
from mtd.engine.model.plan import EventType, Flow, Node, NodeKind, Plan
from mtd.engine.model.tokens import (
    MessageReceived,
    SignalReceived,
    TaskCompleted,
    TaskEscalated,
    TaskFailed,
    TimerFired,
    Token,
    Trigger,
    Waits,
    applied,
)
from mtd.engine.runtime import interpreter
from mtd.usecases.processes.import_processes import STATES

ROOT = Path(__file__).parents[3]

# Where the oracle is not followed: why, a process that shows it, and the way on which the two part.
DIFFERENCES = {
    "SpiffWorkflow's joins count the branches of the whole history, so in the second turn of a loop a parallel join "
    "goes on after one branch. BPMN 2.0.2, 13.4.1: it takes one token from each incoming flow, in every turn.": (
        """
        start: S
        xor: Again
        user: T | group=g
        and: F
        user: A | group=g
        user: B | group=g
        and: J
        xor: X
        end: E
        S > Again > T > F > A > J > X >[*] E
        F > B > J
        X >[rule 0] Again
        """,
        ["t", "a", "b", "t", "b"],
    ),
    "In SpiffWorkflow a boundary message that does not interrupt comes once. BPMN 2.0.2, 10.5.6: the activity goes on, "
    "and the event with it; a second message starts its way a second time.": (
        """
        start: S
        user: A | group=g
        boundary: M | on=A, message=news, interrupting=no
        user: B | group=g
        end: E
        S > A > E
        M > B > E
        """,
        ["m"],
    ),
}
# tests/support/spiff.py rewrites what SpiffWorkflow's parser does not take: an activity with
# several flows out as a gateway, times and tasks' errors as messages.


def _plans() -> dict[str, Plan]:
    paths = [
        *sorted((ROOT / "tests" / "data" / "processes").glob("*.bpmn")),
        ROOT / "seed/processes/purchase-order.bpmn",
    ]
    sources = []
    for path in paths:
        sheet = path.with_suffix(".bindings.yaml")
        bindings = yaml.safe_load(sheet.read_text("utf-8")) if sheet.exists() else None
        sources.append(Source(name=path.name, content=path.read_bytes(), sheet=bindings))
    return {report.process: report.plan for report in import_sources(sources, STATES) if report.plan}


def free(plan: Plan, instances: int) -> tuple[Plan, list[str]]:
    """The plan with rules that are only names, to be answered at will, and lists of that length."""
    names: list[str] = []

    def freed(node: Node) -> Node:
        flows: list[Flow] = []
        for flow in node.flows:
            if flow.when is None:
                flows.append(flow)
                continue
            names.append(f"rule_{len(names)}")
            flows.append(replace(flow, when=["name", names[-1]]))
        if flows and all(flow.when is not None for flow in flows):
            flows[-1] = replace(flows[-1], when=None, default=True)
        repeat = node.repeat and replace(node.repeat, collection=["list", *([["number", "1"]] * instances)])
        return replace(node, flows=tuple(flows), sets=(), repeat=repeat)

    nodes = {node.id: freed(node) for node in plan.nodes.values()}
    return replace(plan, nodes=nodes, reach={}), names


_EVENTS = (Waits.TIME, Waits.MESSAGE, Waits.SIGNAL)


class Subject:
    """The same case in our interpreter, spoken to by node as the oracle is.

    `again` are the events that did not interrupt and may come again, which the oracle does not know (see DIFFERENCES).
    """

    def __init__(self, plan: Plan, rules: dict[str, bool]) -> None:
        self._plan = plan
        self._rules = rules
        changes = interpreter.begin(plan, rules)
        self._tokens = applied({}, changes)
        self.outcome = changes.outcome
        self.stuck = False
        self.again: set[str] = set()

    def _at(self, *waits: Waits) -> list[Token]:
        return [token for token in self._tokens.values() if token.waits in waits]

    @property
    def works(self) -> Counter[str]:
        return Counter(token.node for token in self._at(Waits.SERVICE, Waits.PERSON))

    @property
    def listens(self) -> Counter[str]:
        """Armed and waiting events, and the boundary events of errors and escalations, which need no token of ours."""
        found = Counter(token.node for token in self._at(*_EVENTS))
        for token in self._tokens.values():
            if token.item is None:
                found.update(each for each in self._plan.nodes[token.node].boundaries if self.thrown(each))
        return found

    def thrown(self, boundary: str) -> bool:
        """Whether the event is one that a task's failure or escalation sets off."""
        node = self._plan.nodes[boundary]
        assert node.attached_to is not None
        on_task = self._plan.nodes[node.attached_to].kind is not NodeKind.SUB_PROCESS
        return node.trigger is EventType.ESCALATION or (node.trigger is EventType.ERROR and on_task)

    def do(self, node: str) -> None:
        self._take(TaskCompleted(token=min(t.id for t in self._at(Waits.SERVICE, Waits.PERSON) if t.node == node)))

    def happen(self, node_id: str) -> None:
        node = self._plan.nodes[node_id]
        if node.kind is NodeKind.BOUNDARY and not node.interrupting:
            self.again.add(node_id)
        armed = [token.id for token in self._at(*_EVENTS) if token.node == node_id]
        if not armed:
            host = min(t.id for t in self._tokens.values() if t.node == node.attached_to and t.waits is not Waits.JOIN)
            failed = node.trigger is EventType.ERROR
            self._take(TaskFailed(token=host, code=node.code) if failed else TaskEscalated(token=host))
        elif node.kind is NodeKind.MESSAGE or node.trigger is EventType.MESSAGE:
            assert node.code is not None
            self._take(MessageReceived(message=node.code))
        elif node.kind is NodeKind.SIGNAL or node.trigger is EventType.SIGNAL:
            assert node.code is not None
            self._take(SignalReceived(signal=node.code))
        else:
            self._take(TimerFired(token=min(armed)))

    def _take(self, occurrence: Trigger) -> None:
        try:
            changes = interpreter.step(self._plan, self._tokens, occurrence, self._rules)
        except ProcessError as error:
            if error.code != "deadlock":
                raise
            self._tokens, self.stuck = {}, True
            return
        self._tokens = applied(self._tokens, changes)
        self.outcome = changes.outcome


def compare(plan: Plan, rules: dict[str, bool], choose: Any) -> list[str]:
    """Run both to the end, or sixty steps far; the order of what happened."""
    oracle, subject = Oracle(plan, rules), Subject(plan, rules)
    way: list[str] = []
    for _ in range(60):
        listening = Counter({node: number for node, number in subject.listens.items() if node not in subject.again})
        assert (subject.works, listening) == (oracle.works, oracle.listens), way
        assert (subject.outcome is not None) == oracle.ended, way
        if oracle.ended or subject.stuck:
            break
        works, listens = sorted(subject.works), sorted(listening)
        node = choose(st.sampled_from(works + listens))
        way.append(node)
        for one in (oracle, subject):
            one.do(node) if node in works else one.happen(node)
    return way


class Sketch:
    """A generated process in the text of tests/support/diagrams.py: blocks in sequence, branches, scopes and loops."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self._count = 0
        self._in_loop = False
        self.labels: list[str] = []

    def process(self) -> str:
        return "\n".join(self._scope(self._data.draw(st.integers(1, 3), label="depth"), ""))

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def _label(self) -> str:
        self.labels.append(f"rule {len(self.labels)}")
        return self.labels[-1]

    def _scope(self, depth: int, end: str) -> list[str]:
        start, last = self._name("start"), self._name("end")
        return [f"start: {start}", f"end: {last} | {end}", *self._sequence(depth, start, last)]

    def _sequence(self, depth: int, before: str, after: str, label: str = "") -> list[str]:
        lines: list[str] = []
        for _ in range(self._data.draw(st.integers(1, 2), label="length")):
            kinds = (
                ["task"]
                if depth == 0
                else [
                    "task",
                    "xor",
                    "and",
                    "or",
                    "event",
                    "sub",
                    "timed",
                    "loop",
                    "many",
                    "again",
                    "handled",
                ]
            )
            kinds = [each for each in kinds if not (self._in_loop and each in ("and", "or"))]
            kind = self._data.draw(st.sampled_from(kinds), label="block")
            name = self._name(kind)
            lines += getattr(self, f"_{kind}")(depth, name, before, label)
            before, label = f"{name} out" if kind in ("xor", "and", "or", "event", "timed", "loop") else name, ""
        return [*lines, f"{before} >[{label}] {after}"]

    def _task(self, _: int, name: str, before: str, label: str) -> list[str]:
        return [f"user: {name} | group=g", f"{before} >[{label}] {name}"]

    def _many(self, _: int, name: str, before: str, label: str) -> list[str]:
        ordering = self._data.draw(st.sampled_from(["parallel", "sequential"]), label="ordering")
        said = f"user: {name} | group=g, many={ordering}, each=order.lines"
        return [said, f"{before} >[{label}] {name}"]

    def _branches(self, kind: str, depth: int, name: str, before: str, label: str) -> list[str]:
        lines = [f"{kind}: {name}", f"{kind}: {name} out", f"{before} >[{label}] {name}"]
        for branch in range(self._data.draw(st.integers(2, 3), label="branches")):
            rule = "" if kind == "and" else "*" if branch == 0 else self._label()
            lines += self._sequence(depth - 1, name, f"{name} out", rule)
        return lines

    def _xor(self, *block: Any) -> list[str]:
        return self._branches("xor", *block)

    def _and(self, *block: Any) -> list[str]:
        return self._branches("and", *block)

    def _or(self, *block: Any) -> list[str]:
        return self._branches("or", *block)

    def _event(self, depth: int, name: str, before: str, label: str) -> list[str]:
        lines = [f"event: {name}", f"xor: {name} out", f"{before} >[{label}] {name}"]
        for kind in ("time=PT1H", f"message={name}", f"signal={name}"):
            event = self._name("catch")
            lines += [f"catch: {event} | {kind}", f"{name} > {event}"]
            lines += self._sequence(depth - 1, event, f"{name} out")
        return lines

    def _sub(self, depth: int, name: str, before: str, label: str) -> list[str]:
        end = self._data.draw(st.sampled_from(["", "terminate"]), label="end")
        return [f"sub: {name} {{", *self._scope(depth - 1, end), "}", f"{before} >[{label}] {name}"]

    def _timed(self, depth: int, name: str, before: str, label: str) -> list[str]:
        """A sub-process with a boundary timer whose way joins the normal one."""
        lines = self._sub(depth, name, before, label)
        lines += [f"boundary: {name} late | on={name}, time=PT1H", f"xor: {name} out", f"{name} > {name} out"]
        return [*lines, *self._sequence(0, f"{name} late", f"{name} out")]

    def _handled(self, depth: int, name: str, before: str, label: str) -> list[str]:
        """A sub-process with an event sub-process in it."""
        # An event that does not interrupt comes once to the oracle (see DIFFERENCES), and again in the next turn.
        either = ["yes"] if self._in_loop else ["yes", "no"]
        interrupting = self._data.draw(st.sampled_from(either), label="interrupting")
        handler, start, done, end = (self._name(each) for each in ("handler", "start", "task", "end"))
        inside = [
            f"handler: {handler} {{",
            f"start: {start} | message={handler}, interrupting={interrupting}",
            f"user: {done} | group=g",
            f"end: {end}",
            f"{start} > {done} > {end}",
            "}",
        ]
        return [f"sub: {name} {{", *self._scope(depth - 1, ""), *inside, "}", f"{before} >[{label}] {name}"]

    def _again(self, _: int, name: str, before: str, label: str) -> list[str]:
        """A task with a standard loop."""
        first = self._data.draw(st.sampled_from(["yes", "no"]), label="before")
        said = f"user: {name} | group=g, loop=data.again, before={first}"
        return [said, f"{before} >[{label}] {name}"]

    def _loop(self, depth: int, name: str, before: str, label: str) -> list[str]:
        lines = [f"xor: {name}", f"xor: {name} out", f"{before} >[{label}] {name}"]
        first = self._name("task")
        around, self._in_loop = self._in_loop, True
        lines += self._task(0, first, name, "") + self._sequence(depth - 1, first, f"{name} out")
        self._in_loop = around
        return [*lines, f"{name} out >[{self._label()}] {name}"]


PLANS = _plans()
# The same examples each time; to hunt for others, take `derandomize` away and raise `max_examples`.
SETTINGS = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)


@pytest.mark.parametrize("process", PLANS)
def test_every_process_of_the_test_data_runs_as_in_the_oracle(process: str) -> None:
    ways: list[tuple[str, ...]] = []

    @SETTINGS
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        plan, names = free(PLANS[process], data.draw(st.integers(0, 3), label="instances"))
        rules = {name: data.draw(st.booleans(), label=name) for name in names}
        ways.append(tuple(compare(plan, rules, data.draw)))

    run()
    _tell(process, ways)


@pytest.mark.parametrize("why", DIFFERENCES)
def test_each_difference_is_one(why: str) -> None:
    """Should SpiffWorkflow change its mind, the list says so."""
    text, way = DIFFERENCES[why]
    [report] = import_sources(
        [Source(name="p", content=bpmn(draw(text)), sheet={"flows": {"rule 0": "gift_card"}})], ()
    )
    assert report.plan is not None
    plan, names = free(report.plan, 0)
    oracle, subject = Oracle(plan, dict.fromkeys(names, True)), Subject(plan, dict.fromkeys(names, True))
    for node in way:
        assert (subject.works, subject.listens) == (oracle.works, oracle.listens)
        for one in (oracle, subject):
            one.do(node) if node in subject.works else one.happen(node)

    assert (subject.works, subject.listens) != (oracle.works, oracle.listens)


def test_generated_processes_run_as_in_the_oracle() -> None:
    ways: list[tuple[str, ...]] = []

    @settings(SETTINGS, max_examples=80)
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        sketch = Sketch(data)
        content = bpmn(draw(sketch.process()))
        flows = dict.fromkeys(sketch.labels, "gift_card")
        [report] = import_sources([Source(name="p", content=content, sheet={"flows": flows})], ())
        assert report.plan is not None, report.lint
        plan, names = free(report.plan, data.draw(st.integers(0, 3), label="instances"))
        rules = {name: data.draw(st.booleans(), label=name) for name in names}
        ways.append(tuple(compare(plan, rules, data.draw)))

    run()
    _tell("generated processes", ways)
    assert len(set(ways)) > 20


def _tell(what: str, ways: list[tuple[str, ...]]) -> None:
    compared = sum(len(way) + 1 for way in ways)
    print(f"{what}: {len(ways)} runs on {len(set(ways))} different ways, {compared} comparisons")
    assert compared > len(ways) > 0
