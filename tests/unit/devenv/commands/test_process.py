"""`mtd process import`: the report for people and for programs, and what becomes of files that are no diagrams."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from devenv import cli
from devenv.instance import Instance

ROOT = Path(__file__).parents[4]
PROCESSES = ROOT / "tests" / "data" / "processes"
SEED = ROOT / "seed" / "processes" / "purchase-order.bpmn"
FIELDS = {"process", "name", "nodes", "flows", "fixes", "unbound", "lint", "verdict"}


def imported(
    instance: Instance, capsys: pytest.CaptureFixture[str], *files: Path, rc: int = 0
) -> tuple[list[dict[str, Any]], str]:
    assert cli.main(["process", "import", *map(str, files), "--json"], instance) == rc
    captured = capsys.readouterr()
    return json.loads(captured.out), captured.err


def test_the_orders_own_process_is_ready(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    [report], output = imported(instance, capsys, SEED)

    assert set(report) >= FIELDS
    assert (report["process"], report["verdict"], report["reason"]) == ("purchase-order", "ready", None)
    assert {"task": "Allocation", "by": "api:/states/allocation"} in report["bindings"]
    assert output == ""


def test_every_file_of_the_test_data_imports(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    files = [path for path in sorted(PROCESSES.iterdir()) if path.suffix in (".bpmn", ".xpdl", ".bpm")]
    reports, output = imported(instance, capsys, *files)

    assert {report["file"] for report in reports} == {path.name for path in files}
    assert {report["verdict"] for report in reports} == {"ready", "unbound"}
    assert output == ""


def test_people_see_corrections_bindings_and_the_verdict(
    instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["process", "import", str(PROCESSES / "fulfilment.bpm")], instance) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]

    assert lines[0] == "fulfilment: Fulfilment, 25 nodes, 23 flows"
    assert "'Control error' has no error way: an order that fails there stays there as an exception" in lines
    assert "Approve large order group sales, form approval" in lines
    assert "Verdict: ready" in lines


def test_each_unreadable_file_is_one_sentence_and_code_1(
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty, wrong, damaged, pipe = (tmp_path / name for name in ("empty.bpmn", "wrong.bpmn", "cut.bpm", "pipe.bpmn"))
    empty.touch()
    wrong.write_text("<html/>")
    damaged.write_bytes((PROCESSES / "payment.bpm").read_bytes()[:500])
    os.mkfifo(pipe)
    files = [empty, SEED, wrong, damaged, tmp_path, tmp_path / "absent.bpmn", pipe]
    reports, output = imported(instance, capsys, *files, rc=1)

    assert [report["verdict"] for report in reports] == ["refused", "ready", *["refused"] * 5]
    assert [report["process"] for report in reports[:3]] == ["empty", "purchase-order", "wrong"]
    assert output.splitlines() == [
        "mtd: empty.bpmn: refused: the diagram cannot be read: the file is empty",
        "mtd: wrong.bpmn: refused: the file is neither a BPMN 2.0 nor an XPDL diagram",
        "mtd: cut.bpm: refused: the file is a damaged zip",
        f"mtd: {tmp_path.name}: refused: {tmp_path} is a directory, not a diagram file",
        f"mtd: absent.bpmn: refused: {tmp_path / 'absent.bpmn'} does not exist",
        f"mtd: pipe.bpmn: refused: {pipe} is no regular file",
    ]


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("tasks: [", "its binding sheet p.bindings.yaml cannot be read: while parsing"),
        ("tasks: &a {}\nflows: *a", "aliases are not allowed"),
        ("tasks: {A: !!python/object/apply:os.getcwd []}", "task 'A' must be a server"),
        ("nonsense: 1", "there is no part 'nonsense'"),
        ("- a", "it must be a mapping"),
        pytest.param("x" * 300_000, "has more than 65536 bytes", id="too large"),
        ("\x00", "its binding sheet p.bindings.yaml cannot be read"),
    ],
)
def test_a_wrong_binding_sheet_is_reported(
    sheet: str, message: str, instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.bpmn").write_bytes(SEED.read_bytes())
    (tmp_path / "p.bindings.yaml").write_text(sheet)
    [report], _ = imported(instance, capsys, tmp_path / "p.bpmn", rc=1)

    assert message in report["reason"]


def test_an_empty_sheet_and_one_with_empty_parts_bind_nothing(
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.bpmn").write_bytes(SEED.read_bytes())
    for sheet in ("", "tasks:\nflows:\n", "process: mine\n"):
        (tmp_path / "p.bindings.yaml").write_text(sheet)
        [report], _ = imported(instance, capsys, tmp_path / "p.bpmn")
        assert report["process"] == ("mine" if "mine" in sheet else "p")
