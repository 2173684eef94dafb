"""The invariants that are no rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw

from mtd.domain.errors import InvalidRequest
from mtd.engine.compiler import importing
from mtd.usecases.processes.import_processes import STATES
from mtd.usecases.records.check_invariants import (
    LIMIT_SECONDS,
    ActiveVersion,
    BrokenInvariant,
    asked_limit,
    check_invariants,
)


@dataclass
class FakeInvariants:
    rows: list[BrokenInvariant] = field(default_factory=list)
    versions: list[ActiveVersion] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def broken(self, limit_seconds: int) -> Sequence[BrokenInvariant]:
        self.asked.append(limit_seconds)
        return self.rows

    def active_versions(self) -> Sequence[ActiveVersion]:
        return self.versions


def version(binding: str) -> ActiveVersion:
    drawn = f"start: S\nservice: Task | binding={binding}\nend: E\nS > Task > E"
    plan = importing.compile_plan(bpmn(draw(drawn)), "test", STATES)
    return ActiveVersion(tenant="andes", process="p", version=3, plan=plan)


def test_rows_are_told_and_the_limit_is_passed_on() -> None:
    row = BrokenInvariant(invariant="service_stands", tenant="main", subject="N-1", says="it stands")
    rows = FakeInvariants(rows=[row])
    assert check_invariants(rows, 7) == [
        {"invariant": "service_stands", "tenant": "main", "subject": "N-1", "says": "it stands"}
    ]
    assert rows.asked == [7]


def test_an_active_version_that_nobody_serves_is_told() -> None:
    rows = FakeInvariants(versions=[version("api:/states/validation"), version("state_machine:nope")])
    [broken] = check_invariants(rows)
    assert (broken["invariant"], broken["tenant"], broken["subject"]) == ("active_version_unserved", "andes", "p 3")
    assert "state_machine:nope" in broken["says"]


@pytest.mark.parametrize("text", ["", "4", "-1", "1e3", "99999999999999", "٣٠"])
def test_a_limit_is_a_number_of_seconds(text: str) -> None:
    with pytest.raises(InvalidRequest):
        asked_limit(text)


def test_without_a_limit_it_is_an_hour() -> None:
    assert asked_limit(None) == LIMIT_SECONDS == 3600
    assert asked_limit("60") == 60
