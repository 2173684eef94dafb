"""An order's tax document as it was issued, with what its lines and sums come to."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from mtd.domain.errors import NotFound
from mtd.domain.orders.order import Order, from_json
from mtd.domain.orders.totals import Amounts, amounts, line_amount
from mtd.domain.tax.document_type import receiver_rut
from mtd.queries.orders.order_page import order_page
from mtd.queries.orders.orders import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDocument:
    """A document that was issued: `row` has type, folio, moment and amount; `lines` have name, quantity, price and
    amount; `receiver` is the RUT that it names; `cancels` type and folio of the document that a credit note cancels."""

    row: dict[str, Any]
    order: Order
    sums: Amounts
    lines: list[tuple[str, Decimal, Decimal, Decimal]]
    receiver: str
    cancels: tuple[int, int] | None = None


def tax_document(read: Reader, order_id: UUID, archived: Callable[[UUID], dict[str, Any]]) -> PrintedDocument:
    """Raises NotFound where there is no such order, or none was issued for it."""
    row = order_page(read, order_id, archived).order
    if row["folio"] is None:
        raise NotFound("the order has no tax document", code="no_tax_document")
    return _paper(row)


def credit_note(read: Reader, order_id: UUID, archived: Callable[[UUID], dict[str, Any]]) -> PrintedDocument:
    """What has cancelled the order's tax document. Raises NotFound where nothing has."""
    row = order_page(read, order_id, archived).order
    if row["note_folio"] is None:
        raise NotFound("the order has no credit note", code="no_tax_document")
    note = {name: row[f"note_{name}"] for name in ("folio", "issued_at")}
    note |= {"document_type": row["note_type"], "document_amount": row["note_amount"],
             "document_currency": row["note_currency"]}  # fmt: skip
    return _paper({**row, **note}, cancels=(row["document_type"], row["folio"]))


def _paper(row: dict[str, Any], cancels: tuple[int, int] | None = None) -> PrintedDocument:
    order = from_json(row["document"])
    lines = [(each.name, each.quantity, each.price, line_amount(each, order.currency)) for each in order.lines]
    return PrintedDocument(
        row=row, order=order, sums=amounts(order), lines=lines, receiver=receiver_rut(order), cancels=cancels
    )
