"""A tax document as ticket and as XML."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from tests.unit.portal.services import FakePortal

from mtd.domain.orders.order import Order, OrderLine, Party, Totals, to_json
from portal.access.accounts import Role

ORDER_ID = uuid.UUID(int=7)
ORDER = Order(
    number="O-7",
    issued_on=date(2026, 1, 2),
    currency="CLP",
    seller=Party(id="76000000-0", name="Ñuñoa Ltda.", rut="76000000-0"),
    buyer=Party(id="12345678-5", name="Ana <b>", rut="12345678-5"),
    lines=(
        OrderLine(
            id="1",
            sku="S",
            name="Silla & \x0bmesa",
            quantity=Decimal(2),
            unit="EA",
            price=Decimal(5000),
            base_quantity=Decimal(1),
            adjustment=Decimal(0),
            amount=None,
            tax_percent=Decimal(19),
        ),
    ),
    totals=Totals(),
    adjustment=Decimal(0),
)


@pytest.fixture
def issued(portal: FakePortal) -> FakePortal:
    """The portal knows an order whose boleta 12 is issued."""
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    row = {
        "order_id": ORDER_ID,
        "number": "O-7",
        "document": to_json(ORDER),
        "document_type": 39,
        "folio": 12,
        "issued_at": at,
        "document_amount": Decimal(11900),
        "document_currency": "CLP",
        "plan": {"nodes": []},
        "outcome": "completed",
        "archived_at": None,
    }
    portal.read.rows["left join credit_notes"] = [row]
    return portal


def test_the_ticket_says_what_was_issued(issued: FakePortal) -> None:
    page = issued.client(Role.VIEWER).get(f"/orders/{ORDER_ID}/ticket").text
    for expected in ("Boleta electrónica", "N° 12", "Ana &lt;b&gt;", "76000000-0", "10,000", "1,900", "11,900"):
        assert expected in page, expected


def test_the_xml_has_the_siis_names_and_the_documents_figures(issued: FakePortal) -> None:
    answer = issued.client(Role.VIEWER).get(f"/orders/{ORDER_ID}/dte.xml")
    assert answer.headers["content-disposition"] == 'attachment; filename="DTE-39-12.xml"'
    root = ElementTree.fromstring(answer.content)
    said = {element.tag: element.text for element in root.iter() if not len(element)}
    expected = {
        "TipoDTE": "39",
        "Folio": "12",
        "FchEmis": "2026-01-02",
        "RUTEmisor": "76000000-0",
        "MntNeto": "10000",
        "IVA": "1900",
        "MntTotal": "11900",
        "RznSocRecep": "Ana <b>",
        "NmbItem": "Silla &  mesa",
        "MontoItem": "10000",
        "FolioRef": "O-7",
    }
    assert {name: said[name] for name in expected} == expected


@pytest.mark.parametrize("what", ["ticket", "dte.xml"])
def test_an_order_without_a_document_has_none_to_show(issued: FakePortal, what: str) -> None:
    issued.read.rows["left join credit_notes"][0]["folio"] = None
    answer = issued.client(Role.VIEWER).get(f"/orders/{ORDER_ID}/{what}")
    assert answer.status_code == 404
    assert "no tax document" in answer.text


@pytest.mark.parametrize("what", ["dte.pdf", "credit-note.pdf"])
def test_a_pdf_is_named_after_its_document(issued: FakePortal, what: str) -> None:
    row = issued.read.rows["left join credit_notes"][0]
    row |= {
        "note_type": 61,
        "note_folio": 3,
        "note_issued_at": row["issued_at"],
        "note_currency": "CLP",
        "note_amount": Decimal(11900),
    }
    answer = issued.client(Role.VIEWER).get(f"/orders/{ORDER_ID}/{what}")
    name = "DTE-39-12.pdf" if what == "dte.pdf" else "DTE-61-3.pdf"
    assert answer.headers["content-disposition"] == f'inline; filename="{name}"'
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize("what", ["dte.pdf", "credit-note.pdf"])
def test_what_was_not_issued_is_no_pdf(issued: FakePortal, what: str) -> None:
    row = issued.read.rows["left join credit_notes"][0]
    row |= {"folio": None, "note_folio": None}
    assert issued.client(Role.VIEWER).get(f"/orders/{ORDER_ID}/{what}").status_code == 404


def test_the_net_is_what_the_document_says_although_a_gift_card_paid_a_part(issued: FakePortal) -> None:
    row = issued.read.rows["left join credit_notes"][0]
    row["document"] = to_json(replace(ORDER, totals=Totals(prepaid=Decimal(1900))))
    row["document_amount"] = Decimal(10000)
    root = ElementTree.fromstring(issued.client(Role.VIEWER).get(f"/orders/{ORDER_ID}/dte.xml").content)
    said = {element.tag: element.text for element in root.iter()}
    assert (said["MntNeto"], said["IVA"], said["MntTotal"]) == ("10000", "1900", "10000")


def test_an_order_in_the_archive_has_its_document_still(issued: FakePortal) -> None:
    row = issued.read.rows["left join credit_notes"][0]
    line = {
        "order": {"order_id": str(ORDER_ID), "document": row["document"]},
        "mails": [],
        "incidents": [],
        "events": [],
    }
    issued.api.lines[ORDER_ID] = line
    row |= {"archived_at": row["issued_at"], "document": {"buyer": {"rut": "12345678-5"}, "seller": {}}}

    assert "Ana &lt;b&gt;" in issued.client(Role.VIEWER).get(f"/orders/{ORDER_ID}/ticket").text


def said(portal: FakePortal, query: str = "") -> dict[str, str | None]:
    """The last text of each element of the document's XML."""
    content = portal.client(Role.VIEWER).get(f"/orders/{ORDER_ID}/dte.xml{query}").content
    return {element.tag: element.text for element in ElementTree.fromstring(content).iter() if not len(element)}


def test_a_document_shows_what_was_sent(issued: FakePortal) -> None:
    """Discounts of lines and of the order, gross prices by the seller's setting, and the day in Chile."""
    line = replace(ORDER.lines[0], adjustment=Decimal(-500), tax_percent=None)
    order = replace(ORDER, lines=(line,), adjustment=Decimal(-300))
    row = issued.read.rows["left join credit_notes"][0]
    row |= {"document": to_json(order), "issued_on": date(2026, 1, 1), "document_amount": Decimal(9200)}

    fields = said(issued)

    assert {name: fields[name] for name in ("FchEmis", "MntNeto", "IVA", "MntTotal")} == {
        "FchEmis": "2026-01-01",
        "MntNeto": "7731",
        "IVA": "1469",
        "MntTotal": "9200",
    }
    assert (fields["DescuentoMonto"], fields["MontoItem"], fields["TpoMov"], fields["ValorDR"]) == (
        "500",
        "9500",
        "D",
        "300",
    )


def test_each_of_several_documents_is_shown(issued: FakePortal) -> None:
    lines = tuple(replace(ORDER.lines[0], id=str(n)) for n in range(1_001))
    row = issued.read.rows["left join credit_notes"][0]
    second = {
        "key": "dte:2",
        "document_type": 39,
        "folio": 13,
        "issued_at": row["issued_at"].isoformat(),
        "issued_on": "2026-01-01",
        "amount": 11900,
        "currency": "CLP",
    }
    row |= {
        "document": to_json(replace(ORDER, lines=lines)),
        "issued_on": date(2026, 1, 1),
        "document_amount": Decimal(11_900_000),
        "further_documents": [second],
    }

    first, other = said(issued), said(issued, "?part=2")

    assert (first["Folio"], first["NroLinDet"], first["MntTotal"]) == ("12", "1000", "11900000")
    assert (other["Folio"], other["NroLinDet"], other["MntTotal"], other["IVA"]) == ("13", "1", "11900", "1900")
    client = issued.client(Role.VIEWER)
    assert "N° 13" in client.get(f"/orders/{ORDER_ID}/ticket?part=2").text
    assert client.get(f"/orders/{ORDER_ID}/dte.pdf?part=2").content.startswith(b"%PDF-")
    assert client.get(f"/orders/{ORDER_ID}/ticket?part=3").status_code == 404


def test_a_document_of_before_that_would_be_refused_today_is_shown(issued: FakePortal) -> None:
    """A factura with IVA 0, which release 0.1.0 issued."""
    order = replace(ORDER, buyer=replace(ORDER.buyer, rut="76086428-5"), totals=Totals(payable=Decimal(10000)))
    row = issued.read.rows["left join credit_notes"][0]
    row |= {"document": to_json(order), "document_type": 33, "document_amount": Decimal(10000)}

    fields = said(issued)

    assert (fields["MntNeto"], fields["IVA"], fields["MntTotal"]) == ("10000", "0", "10000")
