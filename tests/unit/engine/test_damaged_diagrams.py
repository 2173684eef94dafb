"""Files that are damaged, too large or no diagrams: refused in one sentence, never an exception."""

import io
import re
import zipfile
from dataclasses import replace

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.imports import A_TASK, PROCESSES, SMALL
from tests.support.xpdl_files import xpdl

from mtd.domain.orders import xml
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source, Verdict


def zipped(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


DIAGRAM = xpdl(draw(SMALL % A_TASK))


DAMAGED = [
    (b"", "the file is empty"),
    (b"hello", "not well-formed"),
    (b"<html></html>", "neither a BPMN 2.0 nor an XPDL diagram"),
    (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
    (b"PK\x03\x04 and nothing more", "damaged zip"),
    (zipped({"readme.txt": b"hello"}), "no Bizagi diagram"),
    (zipped({"a.diag": b"hello"}), "damaged zip"),
    (zipped({"a.diag": zipped({"x": b""})}), "no Diagram.xml"),
    (zipped({"a.diag": zipped({"Diagram.xml": b"<a/>"})}), "not XPDL"),
    (zipped({"a.diag": zipped({"Diagram.xml": b""})}), "the file is empty"),
    (zipped({"a.diag": zipped({"Diagram.xml": b" " * (xml.MAXIMUM_BYTES + 1)})}), "unpack to more than"),
    (zipped({f"{n}.diag": zipped({"Diagram.xml": DIAGRAM}) for n in range(101)}), "101 diagrams; 100 at most"),
    (zipped({str(n): b"" for n in range(5_001)}), "more than 5000 entries"),
    (bpmn(replace(draw(SMALL % A_TASK), processes=())), "the diagram is empty"),
    (bpmn(draw(SMALL % A_TASK)).replace(b'id="A"', b""), "serviceTask 'A' has no id"),
    (DIAGRAM.replace(b'Id="A"', b""), "activity 'A' has no id"),
]


@pytest.mark.parametrize(("content", "reason"), DAMAGED, ids=[reason for _, reason in DAMAGED])
def test_damaged_and_wrong_files_are_refused_in_one_sentence(content: bytes, reason: str) -> None:
    [report] = import_sources([Source(name="p.bpm", content=content)], ())

    assert report.verdict is Verdict.REFUSED
    assert reason in str(report.reason)
    assert "\n" not in str(report.reason)


def test_many_diagrams_that_each_fit_are_bounded_together() -> None:
    large = zipped({"Diagram.xml": DIAGRAM + b" " * (xml.MAXIMUM_BYTES - len(DIAGRAM))})
    [report] = import_sources([Source(name="p", content=zipped({f"{n}.diag": large for n in range(20)}))], ())

    assert "unpack to more than" in str(report.reason)


def test_diagrams_that_unfold_without_end_are_refused() -> None:
    """Activity sets and calls that are referred to twice, level by level; and very long chains of them."""
    doubled = xpdl(draw("start: S\nsub: A {\nstart: B\nend: C\nB > C\n}\nend: E\nS > A > E")).decode()
    block = '<Activity Id="{0}{1}" Name="x"><BlockActivity ActivitySetId="set{2}" /></Activity>'
    for copies, reason in ((2, "more than 5000 nodes"), (1, "more than 30 deep")):
        sets = "".join(
            f'<ActivitySet Id="set{level}"><Activities>'
            + "".join(block.format(level, copy, level + 1) for copy in "ab"[:copies])
            + "</Activities></ActivitySet>"
            for level in range(28 if copies == 2 else 400)
        )
        unfolding = doubled.replace('ActivitySetId="A"', 'ActivitySetId="set0"').replace(
            "<ActivitySets>", f"<ActivitySets>{sets}"
        )
        [report] = import_sources([Source(name="p", content=unfolding.encode())], ())
        assert reason in str(report.reason)
    for calls, levels, reason in ((2, 20, "more than 5000 nodes"), (1, 60, "more than 30 deep")):
        sources = [
            Source(
                name=f"p{level}",
                content=bpmn(
                    draw(
                        "start: S\n"
                        + "".join(f"call: C{n} | calls=p{level + 1}\n" for n in range(calls))
                        + f"end: E\nS > {' > '.join(f'C{n}' for n in range(calls))} > E",
                        f"p{level}",
                    )
                ),
            )
            for level in range(levels)
        ]
        sources.append(Source(name="last", content=bpmn(draw("start: S\nend: E\nS > E", f"p{levels}"))))
        report = import_sources(sources, ())[0]
        assert report.verdict is Verdict.REFUSED
        assert reason in str(report.reason)


def test_a_truncated_or_flipped_file_never_raises() -> None:
    for name in ("payment.bpm", "payment.bpmn", "payment.xpdl"):
        content = (PROCESSES / name).read_bytes()
        for cut in range(0, len(content), max(1, len(content) // 60)):
            flipped = bytearray(content)
            flipped[cut] ^= 0x55
            for damaged in (content[:cut], bytes(flipped)):
                assert import_sources([Source(name=name, content=damaged)], ())


def test_flows_without_ids_still_join() -> None:
    content = bpmn(
        draw(f"start: S\nand: F\n{A_TASK}\nservice: B | lambda=b\nand: J\nend: E\nS > F > A > J > E\nF > B > J")
    )
    content = re.sub(rb'<sequenceFlow id="[^"]*"', b"<sequenceFlow", content)
    [report] = import_sources([Source(name="p", content=content)], ())
    assert report.plan is not None
    assert len(set(report.plan.nodes["j"].incoming)) == 2
    assert report.verdict is Verdict.READY
