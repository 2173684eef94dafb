"""An order's tax documents as Paperless issued them, with their lines and sums."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from mtd.domain.errors import BusinessError, NotFound
from mtd.domain.orders.order import Order, OrderLine, from_json
from mtd.domain.orders.totals import Amounts, amounts, amounts_by_ubl, line_amount
from mtd.domain.tax.document import TaxDocument
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.issuer import RETAILER, Prices, TaxSettings
from mtd.domain.tax.issuing_day import issuing_day
from mtd.domain.tax.kinds import receiver_rut
from mtd.queries.orders.order_page import order_page
from mtd.queries.orders.orders import Reader

_NOTHING = Amounts(lines=Decimal(0), tax_exclusive=Decimal(0), tax=Decimal(0), payable=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDocument:
    """An issued document, ready to be printed."""

    #: Type, folio, moment and amount of the document, beside the order's columns.
    row: dict[str, Any]
    order: Order
    sums: Amounts
    #: Name, quantity, price and amount of each.
    lines: list[tuple[str, Decimal, Decimal, Decimal]]
    #: The RUT that the document names.
    receiver: str
    #: Type and folio of the document that a credit note cancels.
    cancels: tuple[int, int] | None = None
    #: The document that MTD sent; None for one of an earlier release, whose content was another.
    document: TaxDocument | None = None

    @property
    def changes(self) -> Decimal:
        """The document's own discounts (below zero) and surcharges."""
        if self.document is None:
            return self.order.adjustment
        return sum((each.amount for each in self.document.changes), Decimal(0))

    @property
    def holds_prepaid(self) -> bool:
        """Whether the amount has the prepaid part in it, as the SII's total has; documents of before have not."""
        return bool(self.row["document_amount"] == self.sums.tax_exclusive + self.sums.tax)

    @property
    def day(self) -> date:
        """The document's day in Chile."""
        issued_on = self.row.get("issued_on")
        if issued_on is None:
            return issuing_day(self.row["issued_at"])
        return issued_on if isinstance(issued_on, date) else date.fromisoformat(issued_on)


def tax_document(
    read: Reader, order_id: UUID, archived: Callable[[UUID], dict[str, Any]], part: int = 1
) -> PrintedDocument:
    """The order's document, or number `part` of several. Raises NotFound when Paperless has not issued it."""
    row = order_page(read, order_id, archived).order
    if row["folio"] is None:
        raise NotFound("the order has no tax document yet", code="no_tax_document")
    return _paper(_part(row, "dte", part), part)


def credit_note(
    read: Reader, order_id: UUID, archived: Callable[[UUID], dict[str, Any]], part: int = 1
) -> PrintedDocument:
    """The credit note of the order's document, or of number `part` of several. Raises NotFound when there is none."""
    row = order_page(read, order_id, archived).order
    if row["note_folio"] is None:
        raise NotFound("the order has no credit note", code="no_tax_document")
    note = {name: row.get(f"note_{name}") for name in ("folio", "issued_at", "issued_on", "stamp")}
    note["document_type"] = row["note_type"]
    note["document_amount"] = row["note_amount"]
    note["document_currency"] = row["note_currency"]
    cancels = (row["document_type"], row["folio"])
    row = _part({**row, **note}, "credit_note", part)
    if part > 1:
        cancels = (row["refers_to_type"], row["refers_to_folio"])
    return _paper(row, part, cancels)


def _part(row: dict[str, Any], operation: str, part: int) -> dict[str, Any]:
    """The row with the columns of document number `part` instead of the first's."""
    if part == 1:
        return row
    further = {each["key"]: each for each in row.get("further_documents") or ()}
    found = further.get(f"{operation}:{part}")
    if found is None:
        raise NotFound(f"the order has no document {part}", code="no_tax_document")
    money = {"document_amount": Decimal(str(found["amount"])), "document_currency": found["currency"]}
    return {**row, **found, **money}


def _paper(row: dict[str, Any], part: int, cancels: tuple[int, int] | None = None) -> PrintedDocument:
    order = from_json(row["document"])
    lines = [(each.name, each.quantity, _price(each), line_amount(each, order.currency)) for each in order.lines]
    issued = PrintedDocument(
        row=row, order=order, sums=_NOTHING, lines=lines, receiver=receiver_rut(order), cancels=cancels
    )
    documents = _documents(issued, part)
    if documents is None:
        return replace(issued, sums=_sums_of_before(order))
    document = documents[part - 1]
    before = sum(len(each.details) for each in documents[: part - 1])
    lines = lines[before : before + len(document.details)]
    totals = document.totals
    sums = Amounts(
        lines=sum((line[3] for line in lines), Decimal(0)),
        tax_exclusive=totals.net + totals.exempt,
        tax=totals.tax,
        payable=totals.total,
        exempt=Decimal(0) if document.is_export else totals.exempt,
    )
    return replace(issued, sums=sums, lines=lines, document=document)


def _documents(paper: PrintedDocument, part: int) -> tuple[TaxDocument, ...] | None:
    """The order's documents, of which that one has the amount that was issued; None for one of an earlier release.

    Of the seller's settings only `prices` changes an amount, and what was issued tells which it was.
    """
    order = paper.order
    if paper.row.get("issued_on") is None:
        return None
    for prices in (None, *Prices):
        issuer = replace(RETAILER, prices=prices)
        settings = TaxSettings(default=issuer, pesos_per={order.currency: Decimal(1)})
        try:
            documents = documents_of(order, settings, paper.day)
        except BusinessError:
            continue
        if len(documents) >= part and documents[part - 1].totals.total == paper.row["document_amount"]:
            return documents
    return None


def _sums_of_before(order: Order) -> Amounts:
    try:
        return amounts(order)
    except BusinessError:
        return amounts_by_ubl(order)


def _price(line: OrderLine) -> Decimal:
    """The price of one, in the six decimals of a document."""
    if line.base_quantity == 1:
        return line.price
    return (line.price / line.base_quantity).quantize(Decimal("0.000001"), ROUND_HALF_UP)
