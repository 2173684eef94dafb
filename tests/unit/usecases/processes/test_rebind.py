"""A version whose elements are bound otherwise: its file is imported once more with the changed sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.cases import plan_of
from tests.support.diagrams import draw

from mtd.adapters.forms import JsonSchemas
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source
from mtd.engine.model.plan import Plan
from mtd.entrypoints.requests.bindings import read_bindings
from mtd.usecases.processes.import_processes import STATES
from mtd.usecases.processes.manage_processes import SourceFile
from mtd.usecases.processes.rebind import Bindings, StoredSource, rebind, rebound

TEXT = """
    start: S
    task: Check
    xor: Large?
    task: Reserve
    end: E
    S > Check > Large? >[Yes] Reserve > E
    Large? >[No] E
"""
CONTENT = bpmn(draw(TEXT))


@dataclass(slots=True)
class FakeVersions:
    """One version of `p`, and what is stored."""

    sheet: Any = None
    has_source: bool = True
    stored: list[tuple[Json, SourceFile]] = field(default_factory=list)

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
        assert (process, bool(diagram), len(digest), set(forms) <= {"check-choices"}) == ("p", True, 64, True)
        assert report["verdict"] == "ready"
        self.stored.append((plan, file))
        return 2

    def plan(self, process: str, version: int) -> tuple[int, Plan] | None:
        [report] = import_sources([Source(name="p.bpmn", content=CONTENT, sheet=self.sheet)], STATES)
        return (1, report.plan) if report.plan and (process, version) == ("p", 1) else None

    def source(self, process: str, version: int) -> StoredSource | None:
        assert process == "p"
        stored = StoredSource(file=SourceFile(name="p.bpmn", content=CONTENT, sheet=self.sheet), forms={})
        return stored if self.has_source and version == 1 else None

    def activate(self, process: str, version: int) -> bool:
        raise AssertionError((process, version))

    def retire(self, process: str, version: int) -> bool:
        raise AssertionError((process, version))


def bind(versions: FakeVersions, *, keep: bool = False, version: int = 1, **body: Any) -> Json:
    return rebind("p", version, read_bindings(body), versions, JsonSchemas(), {}, keep=keep)


def by(report: Json) -> dict[str, str]:
    return {each["task"]: each["by"] for each in report["bindings"]}


def test_a_task_that_people_do_is_bound_to_a_system_and_kept_as_a_version() -> None:
    versions = FakeVersions()
    changed = {"Reserve": {"server": "api:/states/allocation"}}

    tried = bind(versions, tasks=changed)
    assert (tried["verdict"], tried["version"], versions.stored) == ("ready", None, [])
    assert by(tried)["Reserve"] == "api:/states/allocation"

    kept = bind(versions, keep=True, tasks=changed, flows={"flow-3": "order.payable > 1000"})
    assert (kept["verdict"], kept["version"]) == ("ready", 2)
    [(plan, file)] = versions.stored
    assert next(node for node in plan["nodes"] if node["id"] == "reserve")["binding"] == "api:/states/allocation"
    assert file.sheet["tasks"] == changed


def test_the_verdict_says_what_is_wrong_with_a_binding() -> None:
    report = bind(FakeVersions(), keep=True, tasks={"Check": {"server": "lambda:nobodys"}})

    assert (report["verdict"], report["version"]) == ("unbound", None)
    assert "nobodys" in report["reason"]


def test_a_version_without_its_file_or_an_unknown_one_cannot_be_bound() -> None:
    with pytest.raises(InvalidRequest) as refused:
        bind(FakeVersions(has_source=False))
    assert refused.value.code == "no_source"
    with pytest.raises(NotFound):
        bind(FakeVersions(), version=9)


PLAN = plan_of(
    "start: S\nuser: Pack | group=g, many=parallel, each=order.lines\nuser: Ship\nend: E\nS > Pack > Ship > E"
)


@pytest.mark.parametrize(
    ("sheet", "words", "expected"),
    [
        (None, {"group": "w"}, {"Pack": {"group": "w"}}),
        # Who does it is replaced, the rest of what the sheet says of the task stays.
        (
            {"tasks": {"PACK": {"group": "g", "each": "order.lines", "as": "line"}, "Ship": {"group": "s"}}},
            {"server": "api:/states/dispatch"},
            {"Pack": {"each": "order.lines", "as": "line", "server": "api:/states/dispatch"}, "Ship": {"group": "s"}},
        ),
        ({"tasks": {"Pack": "api:/states/dispatch"}}, {"group": "w", "form": ""}, {"Pack": {"group": "w"}}),
    ],
)
def test_a_changed_task_keeps_its_other_words(sheet: Any, words: Json, expected: Json) -> None:
    changed = rebound(sheet, PLAN, Bindings(tasks={"Pack": words}, flows={}))

    assert changed["tasks"] == expected


def test_a_rule_is_set_and_taken_away_by_the_flows_id() -> None:
    sheet = {"process": "p", "flows": {"f1": "data.a", "Large": "data.b"}}

    changed = rebound(sheet, PLAN, Bindings(tasks={}, flows={"f1": "", "f2": "data.c"}))

    assert changed == {"process": "p", "tasks": {}, "flows": {"Large": "data.b", "f2": "data.c"}}


@pytest.mark.parametrize("body", [{"tasks": []}, {"tasks": {"a": "b"}}, {"flows": {"a": 1}}, {"flows": "x"}])
def test_bindings_of_another_shape_are_refused(body: Json) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_bindings(body)
    assert refused.value.code == "bindings_malformed"
