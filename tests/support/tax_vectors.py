"""The cases that LibreDTE publishes, as orders of ours, and what our documents come to."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from mtd.domain.orders.order import Adjustment, Order, OrderLine, Party, Totals
from mtd.domain.tax.amounts import notes
from mtd.domain.tax.document import TaxDocument
from mtd.domain.tax.documents import delivery_notes_of, documents_of
from mtd.domain.tax.issuer import RETAILER, Prices, TaxSettings

DAY = date(2026, 11, 30)
COMPANY, PERSON = "60803000-K", "12345678-5"
_NOTES = (56, 61, 112)

type Vector = dict[str, Any]


def vectors() -> list[Vector]:
    """All of tests/data/tax/vectors.json."""
    text = (Path(__file__).parents[1] / "data" / "tax" / "vectors.json").read_text("utf-8")
    found: list[Vector] = json.loads(text)["vectors"]
    return found


def figures(vector: Vector) -> dict[str, str]:
    """The amounts of our document of the vector, in the fields that the vector names."""
    document = document_of(vector)
    totals = document.totals
    ours = {"net": totals.net, "exempt": totals.exempt, "tax": totals.tax, "total": totals.total}
    if document.exchange is not None:
        ours["pesos"] = document.exchange.total
    return {name: format(ours[name].normalize(), "f") for name in vector["expected"]}


def document_of(vector: Vector) -> TaxDocument:
    """The only document of the vector's order, or the note that it asks for."""
    kind, order = vector["kind"], _order(vector)
    rates = {"USD": Decimal(vector.get("rate", "900"))}
    prices = vector.get("prices")
    issuer = replace(RETAILER, prices=Prices(prices) if prices else None, delivery_notes=kind == 52)
    settings = TaxSettings(pesos_per=rates, default=issuer)
    [document] = (delivery_notes_of if kind == 52 else documents_of)(order, settings, DAY)
    if kind in _NOTES:
        document = notes.credit_note_of(document, 1, DAY)
    return notes.debit_note_of(document, 1, DAY) if kind == 56 else document


def _order(vector: Vector) -> Order:
    currency = vector.get("currency", "CLP")
    lines = tuple(_line(str(number), each) for number, each in enumerate(vector["lines"], 1))
    whole = sum((line.quantity * line.price for line in lines), Decimal(0))
    changes = tuple(
        Adjustment(amount=whole * Decimal(vector[name]) / 100) for name in ("global_percent",) if name in vector
    )
    rut = {39: PERSON, 41: PERSON, 110: None, 112: None}.get(vector["kind"], COMPANY)
    return Order(
        number="V-1",
        issued_on=DAY,
        currency=currency,
        seller=Party(id="76192083-9", name="SASCO SpA"),
        buyer=Party(id=rut or "F-1", name="Receptor", rut=rut),
        lines=lines,
        totals=Totals(),
        gift_card=None,
        adjustment=sum((each.amount for each in changes), Decimal(0)),
        adjustments=changes,
    )


def _line(number: str, each: dict[str, Any]) -> OrderLine:
    changes = tuple(Adjustment(amount=-Decimal(each[name])) for name in ("discount",) if name in each)
    return OrderLine(
        id=number,
        sku="",
        name=f"Item {number}",
        quantity=Decimal(each["quantity"]),
        unit="",
        price=Decimal(each["price"]),
        base_quantity=Decimal(1),
        adjustment=sum((c.amount for c in changes), Decimal(0)),
        amount=None,
        tax_percent=None,
        tax_category="E" if each.get("exempt") else None,
        adjustments=changes,
    )
