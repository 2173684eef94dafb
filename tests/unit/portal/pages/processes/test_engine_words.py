"""The report of an import in the reader's language, as the engine's codes and values say it."""

import html
import re
from collections.abc import Iterator
from string import Formatter
from typing import Any

import pytest
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.imports import A_TASK, PROCESSES, SMALL
from tests.unit.engine.compiler.test_lint import UNSOUND
from tests.unit.engine.test_damaged_diagrams import DAMAGED
from tests.unit.engine.test_importing import BAD_SHEETS, QUIRKS, UNBOUND
from tests.unit.portal.pages.processes.test_processes import REPORT, upload
from tests.unit.portal.services import FakePortal

from mtd.engine.compiler.reports import Source
from mtd.engine.messages.english import TEXTS
from mtd.usecases.processes.import_processes import import_processes
from portal.pages.processes.engine_words import say_phrase, say_report, texts

DIAGRAMS = [path for path in sorted(PROCESSES.iterdir()) if path.suffix in (".bpmn", ".xpdl", ".bpm")]
ENGLISH = re.compile(r"\b(the|is|are|has|have|an|of|it|its|which|that|cannot|and|with|there|needed|given|nothing)\b")


def names_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_phrase_of_the_engine_is_said_in_spanish_with_the_same_values() -> None:
    spanish = texts("es")
    assert spanish.keys() == TEXTS.keys()
    assert [code for code, text in TEXTS.items() if names_of(text) != names_of(spanish[code])] == []
    assert all(text.strip() for text in spanish.values())
    assert texts("en") == {}


def sentences(report: dict[str, Any]) -> Iterator[str]:
    yield from (*report["fixes"], *report["unbound"], *report["lint"])
    if report["reason"]:
        yield report["reason"]


def english(sentence: str) -> bool:
    """Whether there is any in it but for what it quotes of the diagram."""
    return bool(ENGLISH.search(re.sub(r"'.*?'", "", sentence)))


def spoken(source: Source) -> Iterator[str]:
    """All that the reports on a file say in Spanish."""
    for report in import_processes([source]):
        report_in_spanish = say_report("es", report)
        assert not set(sentences(report_in_spanish)) & set(sentences(report))
        assert say_report("en", report) == report
        yield from sentences(report_in_spanish)


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.name)
def test_a_real_diagrams_report_has_no_english_in_it(path: Any, portal: FakePortal) -> None:
    source = Source(name=path.name, content=path.read_bytes())
    assert [report_in_spanish for report_in_spanish in spoken(source) if english(report_in_spanish)] == []
    portal.api.reports = [{**report, "version": None} for report in import_processes([source])]
    page = html.unescape(upload(portal, (path.name, b"<x/>"), locale="es").text)
    for report in portal.api.reports:
        for sentence in sentences(report):
            assert sentence not in page
        for sentence in sentences(say_report("es", report)):
            assert sentence in page


def broken() -> Iterator[Source]:
    for text, _ in (*QUIRKS, *UNSOUND):
        yield Source(name="p", content=bpmn(draw(text)))
    for text, said, _ in UNBOUND:
        yield Source(name="p", content=bpmn(draw(text)), sheet=said)
    for said, _ in BAD_SHEETS:
        yield Source(name="p", content=bpmn(draw(SMALL % A_TASK)), sheet=said)
    for content, _ in DAMAGED:
        yield Source(name="p", content=content)


def test_a_broken_diagrams_report_has_no_english_in_it() -> None:
    report_in_spanish = [sentence for source in broken() for sentence in spoken(source)]
    assert len(report_in_spanish) > 100
    assert [each for each in report_in_spanish if english(each)] == []


def test_elements_flows_and_who_does_a_task_are_said_as_an_analyst_does() -> None:
    text = "start: S\nxor: X\nuser: A | group=bodega, form=pick\nend: B\nS > X >[gift_card] A\nX > B"
    [report] = import_processes([Source(name="p", content=bpmn(draw(text)))])
    report_in_spanish = say_report("es", report)
    assert (
        "compuerta 'X' no tiene flujo por defecto: se toma como tal el flujo sin nombre de 'X' a 'B'"
        in report_in_spanish["fixes"]
    )
    assert "el proceso" in " ".join(report_in_spanish["fixes"])
    assert report_in_spanish["bindings"] == [{"task": "A", "by": "grupo bodega, formulario pick"}]


def test_what_has_no_code_or_an_unknown_one_is_shown_as_the_engine_says_it(portal: FakePortal) -> None:
    assert say_phrase("es", None, "as it is") == "as it is"
    assert say_phrase("es", {"code": "of_tomorrow", "values": {}}, "as it is") == "as it is"
    inside = {"code": "condition_is_no_rule", "values": {"flow": {"code": "of_tomorrow", "values": {}}}}
    assert say_phrase("es", inside, "as it is") == "as it is"
    assert say_phrase("es", {"code": "condition_is_no_rule", "values": {}}, "as it is") == "as it is"
    portal.api.reports = [REPORT]
    page = upload(portal, ("p.bpmn", b"<x/>"), locale="es").text
    for expected in ("a label &lt;i&gt;", "no default", "group sales", "Se corrigió"):
        assert expected in page


def test_names_of_a_diagram_are_no_markup_and_no_format() -> None:
    phrase = {
        "code": "condition_is_no_rule",
        "values": {
            "text": "x",
            "flow": {"code": "flow", "values": {"name": "{code} <b>", "source": "%s", "target": "{0.__class__}"}},
        },
    }
    said = "flujo '{code} <b>' de '%s' a '{0.__class__}': su condición no es una regla: 'x'"
    assert say_phrase("es", phrase, "") == said
