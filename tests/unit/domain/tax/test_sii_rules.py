"""Paperless's simulator refuses what the SII's schemas refuse, and takes what they take."""

import random
from copy import deepcopy
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dte_schema import SII, has_boleta_schema, violations
from tests.support.tax_orders import KINDS, SETTINGS, random_order

from legacy_simulator.sii_amounts import amount_errors
from legacy_simulator.sii_schema import schema_errors
from mtd.domain.tax.amounts import notes
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.wire.document_xml import write

DAY = date(2026, 11, 30)
ElementTree.register_namespace("", SII)
_TEXTS = (
    "",
    "0",
    "-1",
    "1.5",
    "0.0000001",
    "x",
    "2026-02-30",
    "1999-12-31",
    "6824160-k",
    "9" * 20,
    "y" * 101,
    "12.3456",
)


def sent(chance: random.Random, kind: int) -> bytes:
    """A document as it is sent, or what undoes it."""
    document = documents_of(random_order(chance, kind), SETTINGS, DAY)[0]
    return write(notes.credit_note_of(document, 7, DAY) if chance.random() < 0.3 else document)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The document with one element dropped, doubled, moved, renamed or given another text."""
    root = ElementTree.fromstring(content)
    parents = [each for each in root.iter() if len(each)][1:]
    parent = chance.choice(parents)
    place = chance.randrange(len(parent))
    child = parent[place]
    match chance.randrange(5):
        case 0:
            parent.remove(child)
        case 1:
            parent.insert(place, deepcopy(child))
        case 2:
            parent.remove(child)
            parent.insert(chance.randrange(len(parent) + 1), child)
        case 3:
            child.tag = f"{{{SII}}}Ajeno"
        case _:
            leaf = chance.choice([each for each in root.iter() if not len(each)])
            leaf.text = chance.choice(_TEXTS)
    written: bytes = ElementTree.tostring(root, "ISO-8859-1")
    return written


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_takes_the_texts_that_the_schema_takes(kind: int) -> None:
    if kind in (39, 41) and not has_boleta_schema():
        pytest.skip("the schema of boletas is not here")
    content = sent(random.Random(1), kind)
    for place, leaf in enumerate(_leaves(content)):
        # Without a kind there is no schema. The simulator wants a name on every line, the schema only on the first.
        for text in _TEXTS if leaf not in ("TipoDTE", "NmbItem") else ():
            root = ElementTree.fromstring(content)
            [each for each in root.iter() if not len(each)][place].text = text
            written = ElementTree.tostring(root, "ISO-8859-1")
            assert bool(schema_errors(written)) is bool(violations(written)), (leaf, text, violations(written))


def _leaves(content: bytes) -> list[str]:
    return [each.tag.rpartition("}")[2] for each in ElementTree.fromstring(content).iter() if not len(each)]


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(KINDS))
def test_the_rules_are_those_of_the_siis_schemas(chance: random.Random, kind: int) -> None:
    if kind in (39, 41) and not has_boleta_schema():
        return
    content = damaged(sent(chance, kind), chance)
    # Another kind in TipoDTE, or none, has another schema or leaves nothing to fill in.
    kinds = [each for each in (b">33<", b">34<", b">39<", b">41<", b">61<", b">110<", b">112<") if each in content]
    if not kinds or b"Emisor" not in content or b"<TipoDTE" not in content:
        return
    try:
        by_schema = violations(content)
    except (IndexError, AttributeError, ValueError):
        return

    # The simulator wants a name on every line, the schema only on the first: the stamp repeats that one ([X] IT1).
    ours = [error for error in schema_errors(content) if "NmbItem no acepta ''" not in error[1] or by_schema]
    assert bool(ours) is bool(by_schema), by_schema or ours


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(KINDS))
def test_amounts_that_add_up_are_taken(chance: random.Random, kind: int) -> None:
    assert amount_errors(sent(chance, kind)) == []


@pytest.mark.parametrize("field", ["MntTotal", "MontoItem", "MntNeto"])
def test_amounts_that_do_not_add_up_are_refused(field: str) -> None:
    root = ElementTree.fromstring(sent(random.Random(3), 33))
    element = next(root.iter(f"{{{SII}}}{field}"))
    element.text = str(Decimal(element.text or "0") + 7)

    assert amount_errors(ElementTree.tostring(root)) != []


def test_a_factura_without_iva_is_refused() -> None:
    root = ElementTree.fromstring(sent(random.Random(3), 33))
    total, iva = (next(root.iter(f"{{{SII}}}{name}")) for name in ("MntTotal", "IVA"))
    total.text, iva.text = str(int(total.text or 0) - int(iva.text or 0)), "0"

    assert [text for _, text in amount_errors(ElementTree.tostring(root))] != []


def test_the_sixty_first_line_is_refused() -> None:
    root = ElementTree.fromstring(sent(random.Random(3), 33))
    body = root[0]
    line = next(body.iter(f"{{{SII}}}Detalle"))
    for _ in range(60):
        body.insert(1, deepcopy(line))

    [(code, text)] = schema_errors(ElementTree.tostring(root))
    assert (code, "de 1 a 60" in text) == ("ENV-3-0", True)
