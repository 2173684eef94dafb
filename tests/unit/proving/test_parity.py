"""Records of two runs are equal after normalisation, and every other difference is reported."""

from pathlib import Path

import pytest

from devenv.instance import PROJECT
from devenv.problem import Problem
from proving.parity.recording import differences, normalised
from proving.parity.scenarios import FILE, read

N = "PAR-abc123-07"


def test_there_are_sixty_scenarios_and_each_ends_with_something_to_see() -> None:
    scenarios = read(PROJECT / FILE)

    assert len(scenarios) == 60
    assert len({scenario.title for scenario in scenarios}) == 60
    assert {scenario.steps[-1][0] for scenario in scenarios} <= {"until", "rests", "rejected", "rows", "mails", "call"}


def test_an_unknown_step_is_named(tmp_path: Path) -> None:
    file = tmp_path / "scenarios.yaml"
    file.write_text("group:\n  one: [put: {}, untill: completed]\n")

    with pytest.raises(Problem, match="'group: one' has unknown steps: untill"):
        read(file)


def record(number: str, **more: object) -> dict[str, object]:
    return {
        "timeline": {
            "state": "completed",
            "events": [
                {"at": "2026-11-26T10:00:00+00:00", "what": f"put {number}", "to": "validation", "request_id": "r1"},
                {"at": "2026-11-26T10:00:01+00:00", "what": "done: case_id CASE-0123456789ab", "to": "completed"},
            ],
        },
        "mails": [{"Id": "1", "Subject": f"Your order {number}", "Body": "boleta N° 17"}],
    } | more


def test_times_ids_and_folios_are_left_out() -> None:
    one = record(N, answers=[{"call": "POST /tasks/4/complete"}])
    other = record("PAR-fff000-08", answers=[{"call": "POST /tasks/1/complete"}])
    other["mails"] = [{"Id": "2", "Subject": "Your order PAR-fff000-08", "Body": "boleta N° 18"}]

    left, right = normalised(one, N), normalised(other, "PAR-fff000-08")

    assert list(differences({"a": left}, {"a": right})) == []
    assert left["states"] == ["validation", "completed"]
    assert left["mails"][0]["Body"] == "boleta N° <folio>"


def test_every_other_difference_is_reported_with_its_field() -> None:
    one = normalised(record(N, ledger=[{"operation": "issue"}]), N)
    other = normalised(record(N, ledger=[{"operation": "issue"}, {"operation": "issue"}]), N)
    other["timeline"]["state"] = "exception"
    other["timeline"]["events"][0]["request_id"] = None
    other["states"] = ["completed", "validation"]

    found = list(differences({"a": one}, {"a": other}))

    assert ("a", "ledger[]", None, {"operation": "issue"}) in found
    assert ("a", "timeline.state", "completed", "exception") in found
    assert ("a", "states[0]", "validation", "completed") in found
    assert sum(field.endswith("request_id") for _, field, _, _ in found) == 1


def test_a_scenario_missing_on_one_backend_is_a_difference() -> None:
    assert list(differences({"a": {}, "b": {"x": 1}}, {"a": {}})) == [("b", "all of it", {"x": 1}, None)]
