"""People's tasks, versions and deadlines, without a database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.cases import plan_of
from tests.support.diagrams import draw
from tests.support.orders import OrderFile
from tests.support.pictures import picture_of
from tests.support.xpdl_files import bpm, xpdl
from tests.unit.support.fakes import FakeStore, current_token

from mtd.adapters.forms import JsonSchemas
from mtd.domain.errors import Conflict, Forbidden, InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.domain.orders import ubl
from mtd.engine.compiler import importing
from mtd.engine.compiler.reports import Source
from mtd.engine.layout.diagram import diagram
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, Waits
from mtd.entrypoints.requests.tasks import read_number, read_request, read_text, read_values
from mtd.usecases.flow.changes import CompletedTask, Message
from mtd.usecases.flow.trace import Caller
from mtd.usecases.flow.watch_deadlines import AHEAD_SECONDS, watch_deadlines
from mtd.usecases.processes.import_processes import STATES
from mtd.usecases.processes.manage_processes import SourceFile, change_version, import_versions
from mtd.usecases.tasks.manage_tasks import (
    Task,
    TaskRequest,
    change_task,
    complete_task,
    escalate_task,
)

CALLER = Caller(function="manage_tasks", hops=())
FORM = {"type": "object", "properties": {"approved": {"type": "boolean", "default": True}}, "required": ["approved"]}
DIAGRAM = "start: S\nuser: U | group=g, form=approval\ncatch: M | message=paid\nend: E\nS > U > M > E"


@dataclass(slots=True)
class FakeTasks:
    """One task."""

    known: Task | None = None
    changed: list[tuple[bool, str | None]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    users: Mapping[str, list[str]] = field(default_factory=dict)
    overtaken: bool = False

    def task(self, task_id: int) -> Task | None:
        return self.known if self.known and self.known.task_id == task_id else None

    def groups_of(self, person: str) -> list[str] | None:
        return self.users.get(person)

    def change(self, request: TaskRequest, what: str, function: str, *, assigns: bool, assignee: str | None) -> bool:
        assert self.known is not None
        assert function == "manage_tasks"
        self.told.append(what)
        assert request.task_id == self.known.task_id
        self.changed.append((assigns, assignee))
        return not self.overtaken


def task(assignee: str | None = None, **other: Any) -> Task:
    known = {"task_id": 7, "version": 2, "status": "open", "name": "U", "team": "g", "candidate": None, "schema": FORM}
    return Task(**{**known, "assignee": assignee, "token": current_token("u", Waits.PERSON), **other})


def request(**other: Any) -> TaskRequest:
    return TaskRequest(**{"task_id": 7, "version": 2, "person": "ana", "groups": ("g",), **other})


def work(node: str = "u", waits: Waits = Waits.PERSON) -> FakeStore:
    return FakeStore(
        plan=importing.compile_plan(bpmn(draw(DIAGRAM)), "test", STATES, {"messages": {"M": "paid"}}),
        order=ubl.parse_order(OrderFile(number="N").xml().encode()),
        own=Token(id=1, node=node, waits=waits),
    )


def test_a_completed_task_moves_its_order_and_leaves_its_values() -> None:
    here = work()

    answer = complete_task(request(values={"approved": False}), FakeTasks(task()), JsonSchemas(), here, CALLER)

    changes = here.committed[1]
    assert answer == {"task_id": 7, "version": 3, "done": "complete"}
    assert [(moved.place.node, moved.place.message) for moved in changes.moved_tokens] == [("m", "paid")]
    assert changes.completed_tasks == [CompletedTask(task_id=7, person="ana", result={"approved": False})]
    assert [values.data for values in changes.values] == [{"approved": False}]


@pytest.mark.parametrize("values", [{}, {"approved": "yes"}])
def test_values_that_the_form_refuses_change_nothing(values: Json) -> None:
    here = work()

    with pytest.raises(InvalidRequest, match="approved"):
        complete_task(request(values=values), FakeTasks(task()), JsonSchemas(), here, CALLER)
    assert here.committed == {}


@pytest.mark.parametrize(
    "standing",
    [task("berta"), task(version=3), task(status="completed"), task(token=None)],
    ids=["another's", "changed", "completed", "gone"],
)
def test_a_task_that_is_not_as_it_was_seen_is_not_completed(standing: Task) -> None:
    with pytest.raises(Conflict):
        complete_task(request(values={"approved": True}), FakeTasks(standing), JsonSchemas(), work(), CALLER)


@pytest.mark.parametrize(
    ("action", "assignee", "written"),
    [
        ("claim", None, (True, "ana")),
        ("assign", "ana", (True, "berta")),
        ("unclaim", "ana", (True, None)),
        ("comment", "berta", (False, None)),
    ],
)
def test_a_task_is_claimed_given_back_and_assigned(
    action: str, assignee: str | None, written: tuple[bool, str | None]
) -> None:
    tasks = FakeTasks(task(assignee))

    assert change_task(action, request(assignee="berta"), tasks, "manage_tasks")["version"] == 3
    assert tasks.changed == [written]


@pytest.mark.parametrize("action", ["claim", "unclaim"])
def test_what_is_anothers_is_not_taken_or_given_back(action: str) -> None:
    with pytest.raises(Conflict, match=r"berta|ana"):
        change_task(action, request(), FakeTasks(task("berta")), "manage_tasks")


def test_whoever_is_overtaken_is_told() -> None:
    with pytest.raises(Conflict):
        change_task("claim", request(), FakeTasks(task(), overtaken=True), "manage_tasks")
    with pytest.raises(NotFound):
        change_task("claim", request(task_id=8), FakeTasks(task()), "manage_tasks")
    with pytest.raises(InvalidRequest):
        change_task("assign", request(), FakeTasks(task()), "manage_tasks")


def test_a_task_without_an_escalation_event_cannot_be_escalated() -> None:
    with pytest.raises(Conflict) as refused:
        escalate_task(request(), FakeTasks(task()), work(), CALLER)
    assert refused.value.code == "no_escalation_way"


@pytest.mark.parametrize("action", ["claim", "complete"])
@pytest.mark.parametrize(
    ("standing", "who", "users", "admitted"),
    [
        (task(), {"person": "eva", "groups": ("h",)}, {}, False),
        (task(), {"person": "eva", "groups": ()}, {}, False),
        (task(), {"person": "eva", "groups": ("G", "h")}, {}, True),
        # What the portal knows of its user counts, whatever the caller says.
        (task(), {"person": "eva", "groups": ("g",)}, {"eva": []}, False),
        (task(), {"person": "eva", "groups": ()}, {"eva": ["g"]}, True),
        (task("eva"), {"person": "eva", "groups": ()}, {}, True),
        (task(candidate="eva"), {"person": "eva", "groups": ()}, {}, True),
        (task(team=""), {"person": "eva", "groups": ()}, {}, True),
    ],
)
def test_a_task_is_done_by_its_group_or_by_the_person_who_has_it(
    action: str, standing: Task, who: Json, users: Mapping[str, list[str]], admitted: bool
) -> None:
    tasks, asked = FakeTasks(standing, users=users), request(**who, values={"approved": True})

    def act() -> Json:
        if action == "claim":
            return change_task("claim", asked, tasks, "manage_tasks")
        return complete_task(asked, tasks, JsonSchemas(), work(), CALLER)

    if admitted:
        assert act()["done"] == action
        return
    with pytest.raises(Forbidden) as refused:
        act()
    assert refused.value.code == "not_in_group"


def test_every_comment_is_kept_in_the_orders_history() -> None:
    tasks, here = FakeTasks(task()), work()

    change_task("comment", request(comment="asked the customer"), tasks, "manage_tasks")
    complete_task(request(values={"approved": True}, comment="all right"), tasks, JsonSchemas(), here, CALLER)

    assert tasks.told == ["task commented"]
    [event] = here.committed[1].events
    assert (event.detail["by"], event.detail["comment"]) == ("ana", "all right")


@dataclass(slots=True)
class FakeVersions:
    """Versions by content."""

    stored: list[str] = field(default_factory=list)
    active: list[int] = field(default_factory=list)
    of_old: Plan | None = None
    diagrams: list[str] = field(default_factory=list)

    def store(
        self,
        process: str,
        plan: Json,
        diagram: str,
        digest: str,
        forms: Mapping[str, Any],
        report: Json,
        file: SourceFile,
    ) -> int:
        assert file.content
        self.diagrams.append(diagram)
        assert plan["process"] == process == report["process"]
        assert set(forms) <= {"approval"}
        if digest not in self.stored:
            self.stored.append(digest)
        return self.stored.index(digest) + 1

    def plan(self, process: str, version: int) -> tuple[int, Plan] | None:
        return (version, self.of_old) if self.of_old is not None and (process, version) == ("p", 1) else None

    def activate(self, process: str, version: int) -> bool:
        assert process == "p"
        self.active = [version] if version <= len(self.stored) else self.active
        return version <= len(self.stored)

    def retire(self, process: str, version: int) -> bool:
        assert process == "p"
        self.active = []
        return version <= len(self.stored)


def test_what_is_ready_becomes_a_version_and_the_same_again_none() -> None:
    versions, form = FakeVersions(), JsonSchemas()
    source = Source(name="p.bpmn", content=bpmn(draw(DIAGRAM)), sheet={"messages": {"M": "paid"}})

    first, again = (import_versions([source], {"approval": FORM}, versions, form, {})[0] for _ in range(2))
    other = import_versions([source], {"approval": {"type": "object"}}, versions, form, {})[0]
    [unbound] = import_versions([source], {}, versions, form, {})
    refused = import_versions([Source(name="x.bpmn", content=b"<a/>")], {}, versions, form, {})[0]

    assert (first["version"], again["version"], other["version"]) == (1, 1, 2)
    assert (unbound["version"], unbound["verdict"], unbound["reason"]) == (None, "unbound", "form 'approval' of 'U'")
    said = {"code": "form_missing", "values": {"form": "approval", "task": "U"}}
    assert (unbound["phrases"]["unbound"], unbound["phrases"]["reason"]) == ([said], said)
    assert (refused["version"], refused["verdict"]) == (None, "refused")
    assert change_version("p", 2, "activate", versions, {})["done"] == "activate"
    assert versions.active == [2]
    with pytest.raises(NotFound):
        change_version("p", 3, "retire", versions, {})
    with pytest.raises(InvalidRequest):
        change_version("p", 1, "delete", versions, {})


def test_a_version_keeps_the_picture_of_its_file_or_one_that_is_drawn_of_it() -> None:
    versions, sheet = FakeVersions(), {"tasks": {"Check": {"group": "sales"}}}
    text = "start: S\nuser: Check\nend: E\nS > Check > E"
    plain, drawing = bpmn(draw(text)), draw(text, "Sales")
    pictured = diagram(drawing.processes[0]).encode()
    sources = [
        Source(name=f"p.{ending}", content=content, sheet=sheet)
        for ending, content in (("bpmn", pictured), ("bpmn", plain), ("xpdl", xpdl(drawing)), ("bpm", bpm([drawing])))
    ]
    for source in sources:
        assert import_versions([source], {}, versions, JsonSchemas(), {})[0]["verdict"] == "ready"

    assert versions.diagrams[0] == pictured.decode()
    for drawn in versions.diagrams:
        assert picture_of(drawn.encode()).boxes.keys() == {"S", "Check", "E"}


def test_a_task_that_nothing_serves_keeps_a_version_from_orders() -> None:
    bound = plan_of("start: S\nservice: A\nend: E\nS > A > E")
    versions = FakeVersions(stored=["old"], of_old=bound)

    with pytest.raises(Conflict, match="'A' is bound to lambda:a, which nothing serves") as refused:
        change_version("p", 1, "activate", versions, {})
    assert (refused.value.code, versions.active) == ("nobody_serves", [])
    assert change_version("p", 1, "retire", versions, {})["done"] == "retire"
    drawn = bpmn(draw("start: S\nservice: A\nend: E\nS > A > E"))
    [report] = import_versions(
        [Source(name="p", content=drawn, sheet={"tasks": {"A": "lambda:a"}})], {}, versions, JsonSchemas(), {}
    )
    assert (report["verdict"], report["version"], versions.stored) == ("unbound", None, ["old"])
    assert report["unbound"] == [report["reason"]]


@pytest.mark.parametrize("schema", [{"type": "nothing"}, [], {"$ref": "http://example.test/x"}])
def test_a_form_that_is_no_schema_of_its_own_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidRequest):
        JsonSchemas().check(schema)


@dataclass(slots=True)
class FakeDeadlines:
    """Pages of so many messages."""

    pages: list[int]
    sent: list[int] = field(default_factory=list)

    def coming(self, ahead_seconds: int, after: Json | None, limit: int) -> tuple[list[Message], Json | None]:
        assert ahead_seconds == AHEAD_SECONDS
        assert limit > 0
        page = 0 if after is None else after["page"]
        messages = [Message(destination="transitions", body={})] * self.pages[page]
        return messages, {"page": page + 1} if page + 1 < len(self.pages) else None

    def send(self, messages: list[Message]) -> None:
        self.sent.append(len(messages))


def test_all_pages_of_timers_are_handed_over() -> None:
    deadlines = FakeDeadlines(pages=[3, 2, 1])

    assert watch_deadlines(deadlines) == {"timers": 6}
    assert deadlines.sent == [3, 2, 1]


def test_what_callers_say_of_a_task_is_checked() -> None:
    said = {"version": 2, "person": "ana", "groups": ["g"], "values": {"a": 1}}
    assert read_request("7", said) == request(values={"a": 1})
    for wrong in (
        {"person": "ana"},
        {"version": True, "person": "a"},
        {"version": 2},
        {**said, "values": []},
        {**said, "groups": [1]},
    ):
        with pytest.raises(InvalidRequest):
            read_request("7", wrong)
    for number in ("", "-1", "9" * 19, "½"):
        with pytest.raises(InvalidRequest):
            read_number(number)
    with pytest.raises(InvalidRequest):
        read_text({"comment": "x" * 11}, "comment", 10)
    with pytest.raises(InvalidRequest):
        read_values({"values": json.loads('{"a": 1e999}')})
