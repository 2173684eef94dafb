"""The engine's messages to people: a code and its values, with an English text."""

import ast
from collections.abc import Iterator
from string import Formatter

import pytest
import yaml
from tests.support.imports import ROOT

from mtd.domain.errors import ProcessError
from mtd.domain.orders import xml
from mtd.engine.compiler.reports import Source
from mtd.engine.messages.english import TEXTS
from mtd.engine.messages.phrases import Phrase, PhrasedError, phrase_of, to_json, word
from mtd.engine.model.drawing import ACTIVITIES, GATEWAYS, DrawnNode, called
from mtd.engine.readers import diagram_xml
from mtd.usecases.processes.import_processes import import_processes

MTD = ROOT / "src" / "shared" / "mtd"
MADE = ("kind_", "unnamed_kind_", "trigger_", "type_", "xml_")
"""Codes that are put together of a word of the diagram."""


def names_of(code: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(TEXTS[code]) if name}


def written() -> Iterator[tuple[str, set[str | None]]]:
    """Each `Phrase("code", …)` of the sources where the code is written out, with the names of its values."""
    for path in MTD.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Phrase":
                code = node.args[0]
                either = (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,)
                names = {each.arg for each in node.keywords}
                yield from ((str(each.value), names) for each in either if isinstance(each, ast.Constant))


def test_every_phrase_has_a_text_that_says_all_of_its_values() -> None:
    asked = list(written())
    assert len(asked) > 80
    assert [(code, names) for code, names in asked if code not in TEXTS or names != names_of(code)] == []


def test_no_text_is_left_over() -> None:
    sources = "".join(path.read_text("utf-8") for path in MTD.rglob("*.py") if path.name != "english.py")
    assert [code for code in TEXTS if f'"{code}"' not in sources and not code.startswith(MADE)] == []


def test_a_phrase_is_one_line_whatever_it_says() -> None:
    node = Phrase("task", name="pick\n and  pack")
    both = Phrase("no_end_event", owner=Phrase("the_process"), nodes=(node, Phrase("event", name="{name}")))
    assert str(both) == "the process has no end event: it ends after task 'pick and pack' and event '{name}'"
    assert to_json(both) == {
        "code": "no_end_event",
        "values": {
            "owner": {"code": "the_process", "values": {}},
            "nodes": [
                {"code": "task", "values": {"name": "pick\n and  pack"}},
                {"code": "event", "values": {"name": "{name}"}},
            ],
        },
    }
    assert len({both, Phrase("no_end_event", **dict(both.values))}) == 1


def test_every_element_has_a_name_of_its_own() -> None:
    events = ("startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent")
    texts = {kind: str(called(DrawnNode(id="n", name="N", kind=kind))) for kind in (*ACTIVITIES, *GATEWAYS, *events)}
    assert all(each.endswith(" 'N'") for each in texts.values())
    assert len(set(texts.values())) == len(texts) - 1
    assert texts["intermediateCatchEvent"] == texts["intermediateThrowEvent"] == "event 'N'"
    assert str(called(DrawnNode(id="n", name="", kind="of tomorrow"))) == "task 'n'"


def test_a_word_that_nobody_knows_stands_as_it_is() -> None:
    assert word("trigger", "signal") == Phrase("trigger_signal")
    assert word("trigger", "Signal") == "Signal"
    assert word("kind", "callChoreography") == "callChoreography"


def test_an_error_says_its_phrase_and_another_its_text() -> None:
    phrased = PhrasedError(Phrase("too_many_nodes", most=3), code="diagram_too_large")
    assert (str(phrased), phrase_of(phrased).code) == ("the process has more than 3 nodes", "too_many_nodes")
    assert str(phrase_of(ProcessError("it is {odd}"))) == "it is {odd}"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b" ", "xml_empty"),
        (b"<a>" * 70, "xml_too_deep"),
        (b"x" * (xml.MAXIMUM_BYTES + 1), "xml_too_large"),
        (b"<a>\n</b>", "xml_not_xml"),
        (b'<?xml version="1.0" encoding="utf-99"?><a/>', "xml_encoding"),
        (b"<!DOCTYPE a><a/>", "xml_document_type"),
    ],
)
def test_what_the_xml_reader_refuses_is_told_as_it_says_it(content: bytes, code: str) -> None:
    with pytest.raises(PhrasedError) as refused:
        diagram_xml.parse(content)
    texts = dict(refused.value.phrase.values)["problem"]
    assert isinstance(texts, Phrase)
    assert texts.code == code
    with pytest.raises(Exception, match=r".") as why:
        xml.parse(content)
    assert str(refused.value) == f"the diagram cannot be read: {why.value}"


def test_a_report_is_as_the_api_describes_it() -> None:
    schema = yaml.safe_load((ROOT / "cloudformation" / "openapi_schemas.yaml").read_text("utf-8"))["Report"]
    [refused] = import_processes([Source(name="p", content=b"")])
    assert refused.keys() | {"version"} == schema["properties"].keys() == set(schema["required"])
    assert refused["phrases"].keys() == schema["properties"]["phrases"]["properties"].keys()
