"""Tax documents on their way: several of one order, what cannot be issued, and the day that they have."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mtd.domain.tax.issuing_day import issuing_day
from tests.integration.operations.test_operating import failed_at, operate, result
from tests.integration.system import Json, System, until
from tests.support.orders import OrderFile

DATA = Path(__file__).parents[2] / "data" / "tax"
LINES = tuple((f"SKU-{n}", "1", "1000") for n in range(125))
SEVERAL: dict[str, Any] = {"buyer_rut": "76086428-5", "lines": LINES, "payable": "148750", "tax": "23750"}
FURTHER = "select f.* from further_documents f join orders o using (order_id) where o.number = %s order by f.key"
FIRST = "select d.* from tax_documents d join orders o using (order_id) where o.number = %s"
NOTE = "select n.* from credit_notes n join orders o using (order_id) where o.number = %s"


def differences(system: System, number: str) -> list[Json]:
    """Today's reconciliation, as far as it names the order."""
    day = issuing_day(datetime.now(UTC)).isoformat()
    status, answer = system.call("POST", "/dte/reconciliations", {"day": day})
    assert status == 200, answer
    return [each for each in answer["differences"] if each["number"] == number and each["status"] == "open"]


def test_an_order_of_many_lines_gets_several_facturas(system: System, number: str) -> None:
    system.put(OrderFile(number=number, **SEVERAL).xml(), f"{number}.xml")

    order = system.ended(number, "completed")

    [first], further = system.sql(FIRST, number), system.sql(FURTHER, number)
    assert [int(each["amount"]) for each in (first, *further)] == [71400, 71400, 5950]
    assert [each["key"] for each in further] == ["dte:2", "dte:3"]
    issued = system.done("paperless", "issue", number)
    folios = [each["result"]["Folio"] for each in issued]
    assert folios == [first["folio"], *(each["folio"] for each in further)]
    assert sum(Decimal(each["result"]["MntTotal"]) for each in issued) == Decimal(148750)
    assert [each["folio"] for each in order["orders"][0]["tax_documents"]] == folios
    [mail] = until(lambda: system.mails(number), lambda mails: len(mails) == 1)
    assert all(f"factura electrónica N° {folio}" in str(mail) for folio in folios), mail
    assert differences(system, number) == []


def test_a_cancellation_credits_each_of_several(system: System, number: str) -> None:
    failed_at(system, number, "sales_support", **SEVERAL)

    operation = operate(system, "cancel", number)
    system.ended(number, "cancelled")

    assert result(operation) == ("done", None)
    [first], [note] = system.sql(FIRST, number), system.sql(NOTE, number)
    further = {each["key"]: each for each in system.sql(FURTHER, number)}
    assert (note["document_type"], note["refers_to_folio"], note["amount"]) == (61, first["folio"], first["amount"])
    for part in (2, 3):
        document, credit = further[f"dte:{part}"], further[f"credit_note:{part}"]
        assert (credit["document_type"], credit["refers_to_folio"]) == (61, document["folio"])
        assert credit["amount"] == document["amount"]
    assert len(system.done("paperless", "issue", number)) == 6
    assert differences(system, number) == []


def test_a_time_out_between_several_doubles_no_folio(system: System, number: str) -> None:
    system.fault("paperless", number, hang_after=True, hang_seconds=4, times=1)
    system.put(OrderFile(number=number, **SEVERAL).xml(), f"{number}.xml")

    system.ended(number, "completed", 60)

    issued = system.done("paperless", "issue", number)
    assert len(issued) == 3
    assert [each["folio"] for each in (*system.sql(FIRST, number), *system.sql(FURTHER, number))] == [
        each["result"]["Folio"] for each in issued
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [("factura-without-tax", "tax_missing"), ("absurd-tax", "tax_contradicts"), ("currency-eur", "currency_not_pesos")],
)
def test_what_cannot_be_made_right_is_an_exception_before_paperless_is_asked(
    system: System, number: str, name: str, code: str
) -> None:
    head, _, rest = (DATA / f"{name}.xml").read_text("utf-8").partition("<cbc:ID>")
    system.put(f"{head}<cbc:ID>{number}</cbc:ID>{rest.partition('</cbc:ID>')[2]}", f"{number}.xml")

    order = system.ended(number, "exception")

    assert f"({code})" in order["reason"]
    assert system.done("paperless", "issue", number) == []


def test_a_document_has_its_issuer_its_day_in_chile_and_its_stamp(system: System, number: str) -> None:
    before = issuing_day(datetime.now(UTC))
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")

    [row] = system.sql(FIRST, number)
    [issued] = system.done("paperless", "issue", number)

    assert row["issuer"] == "76123456-0"
    assert row["issued_on"] in (before, issuing_day(datetime.now(UTC)))
    assert issued["result"]["FechaEmision"] == row["issued_on"].isoformat()
    assert row["stamp"] == issued["result"]["TED"]
    assert f"<F>{row['folio']}</F>" in row["stamp"]


def test_what_was_paid_before_is_in_the_document(system: System, number: str) -> None:
    card = f"GC-{number}"
    system.set_card(card, "1000")
    head, _, rest = (DATA / "prepaid.xml").read_text("utf-8").replace("GC-CASE-1", card).partition("<cbc:ID>")
    system.put(f"{head}<cbc:ID>{number}</cbc:ID>{rest.partition('</cbc:ID>')[2]}", f"{number}.xml")

    system.ended(number, "completed")

    assert system.card(card)["balance"] == "500"
    assert [int(row["amount"]) for row in system.sql(FIRST, number)] == [1190]
