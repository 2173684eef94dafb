"""Documents of random orders of every kind: the SII's schema takes them, and they add up to the order's total."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dte_schema import BOLETA_SCHEMA, has_boleta_schema, violations
from tests.support.tax_orders import KINDS, SETTINGS, random_order, wrong_sums

from mtd.domain.orders.order import from_json, to_json
from mtd.domain.orders.totals import amounts
from mtd.domain.tax.amounts import notes
from mtd.domain.tax.documents import delivery_notes_of, documents_of
from mtd.domain.tax.wire.document_xml import write

DAY = date(2026, 11, 30)
ORDERS = st.builds(random_order, st.randoms(use_true_random=False), st.sampled_from(KINDS))


@settings(max_examples=150, deadline=None)
@given(ORDERS)
def test_documents_are_valid_and_add_up_to_the_order(order) -> None:  # type: ignore[no-untyped-def]
    documents = documents_of(order, SETTINGS, DAY)
    sent = [write(each) for each in documents]

    assert [violations(each) for each in sent] == [[]] * len(sent)
    assert wrong_sums(sent, amounts(order).payable + (order.totals.prepaid or 0)) == []
    assert from_json(to_json(order)) == order


@settings(max_examples=80, deadline=None)
@given(ORDERS)
def test_credit_and_debit_notes_are_valid_and_undo_each_document(order) -> None:  # type: ignore[no-untyped-def]
    for document in documents_of(order, SETTINGS, DAY):
        credit = notes.credit_note_of(document, 7, DAY)
        debit = notes.debit_note_of(credit, 8, DAY)
        assert credit.totals == debit.totals == document.totals
        for note in (credit, debit):
            assert violations(write(note)) == []
            assert wrong_sums([write(note)], document.totals.total) == []


@settings(max_examples=80, deadline=None)
@given(ORDERS, st.integers(1, 9))
def test_a_partial_credit_note_is_valid_and_no_more_than_the_document(order, tenths: int) -> None:  # type: ignore[no-untyped-def]
    document = documents_of(order, SETTINGS, DAY)[0]
    lines = [each for each in document.details if each.quantity]
    returned = {each.line_id: (each.quantity or Decimal(1)) * tenths / 10 for each in lines[:3]}
    if not returned:
        return

    note = notes.partial_credit_note_of(document, 7, DAY, returned)

    assert violations(write(note)) == []
    assert wrong_sums([write(note)], note.totals.total) == []
    assert note.totals.total <= document.totals.total + len(returned) + len(document.changes) + 1


@settings(max_examples=40, deadline=None)
@given(st.builds(random_order, st.randoms(use_true_random=False), st.sampled_from((33, 34))))
def test_delivery_notes_are_valid(order) -> None:  # type: ignore[no-untyped-def]
    for each in delivery_notes_of(order, SETTINGS, DAY):
        assert violations(write(each)) == []


@pytest.mark.skipif(not has_boleta_schema(), reason=f"the schema of boletas is not there: {BOLETA_SCHEMA}")
@pytest.mark.parametrize(("kind", "field"), [(39, b"<IndServicio>3</IndServicio>"), (33, b"<NmbItem>")])
def test_a_wrong_document_is_found(kind: int, field: bytes) -> None:
    order = replace(random_order(random.Random(1), kind), number="N")
    sent = write(documents_of(order, SETTINGS, DAY)[0])

    assert violations(sent) == []
    assert violations(sent.replace(field, b"<Wrong/>" + field, 1)) != []
