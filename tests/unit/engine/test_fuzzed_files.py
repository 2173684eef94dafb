"""The fuzzer's seeds and findings: every file is answered in time and in bounds (make fuzz-parsers)."""

from pathlib import Path

import pytest
from tests.fuzz.parsers.mutations import elements, mutated
from tests.fuzz.parsers.targets import TARGETS, bounded, timed

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import xml

PROJECT = Path(__file__).parents[3]
FILES = {
    "orders": [*(PROJECT / "tests/fuzz/corpus/orders").glob("*"), *(PROJECT / "seed/orders").glob("*.xml")],
    "diagrams": [
        *(PROJECT / "tests/fuzz/corpus/diagrams").glob("*"),
        *(file for file in (PROJECT / "tests/data/processes").iterdir() if file.suffix in (".bpmn", ".xpdl", ".bpm")),
    ],
}
ALL = [(name, file) for name, files in FILES.items() for file in sorted(files)]


@pytest.mark.parametrize(("name", "file"), ALL, ids=[f"{name}-{file.name}" for name, file in ALL])
def test_every_file_of_the_corpus(name: str, file: Path) -> None:
    timed(TARGETS[name], file.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_a_hundred_changes_to_a_file_in_memory_too(name: str) -> None:
    content = max(FILES[name], key=lambda file: file.stat().st_size if file.suffix != ".bpm" else 0).read_bytes()
    for seed in range(100):
        content = mutated(content, seed)[:200_000]
    assert bounded(TARGETS[name], content) > 0


def test_changed_xml_is_well_formed_and_not_the_same() -> None:
    content = (PROJECT / "seed/orders/CL-2026-000001.xml").read_bytes()
    changed = [mutated(content, seed) for seed in range(200)]

    def reads(each: bytes) -> bool:
        try:
            return bool(xml.parse(each))
        except RejectedOrder:
            return False

    assert len(set(changed)) > 150
    assert sum(map(reads, changed)) > 180
    assert mutated(b"no xml", 1) == b"no xml"
    assert elements(b"<a><b/><c>x</c><d></a>") == [(3, 7), (7, 15)]
