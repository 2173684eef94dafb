"""Documents that undo others: credit notes, whole or of returned lines, and debit notes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from mtd.domain.errors import BusinessError
from mtd.domain.orders.money import quantise
from mtd.domain.tax.amounts.items import net_of, whole
from mtd.domain.tax.amounts.shares import shares, sum_of
from mtd.domain.tax.document import Detail, DocumentTotals, Exchange, GlobalChange, Reference, TaxDocument
from mtd.domain.tax.kinds import DocumentType, credit_note_type, debit_note_type, most_lines

CANCELS, CORRECTS_AMOUNTS = 1, 3
_ZERO = Decimal(0)


def credit_note_of(document: TaxDocument, folio: int, on: date) -> TaxDocument:
    """The credit note that cancels a whole document (CodRef 1), which has that folio: the same amounts."""
    kind = credit_note_type(document.kind)
    return _undone(document, kind, _reference(document, folio, CANCELS, "Anula documento"), on)


def debit_note_of(note: TaxDocument, folio: int, on: date) -> TaxDocument:
    """The debit note that cancels a credit note, which has that folio."""
    return _undone(note, debit_note_type(note.kind), _reference(note, folio, CANCELS, "Anula nota de credito"), on)


def partial_credit_note_of(document: TaxDocument, folio: int, on: date, returned: Mapping[str, Decimal]) -> TaxDocument:
    """The credit note of returned goods (CodRef 3): `returned` has the quantity that came back of each order line.

    The document's own discounts and surcharges go back in proportion. All quantities of all lines are the
    whole document.

    Raises BusinessError with code `return_unknown` for a line that the document has not, or more than it has of it.
    """
    known = {each.line_id: each for each in document.details}
    details = []
    for line_id, quantity in returned.items():
        sold = known.get(line_id)
        had = None if sold is None else sold.quantity or Decimal(1)
        if sold is None or had is None or not 0 < quantity <= had:
            raise BusinessError(
                f"{quantity} of line {line_id} cannot be credited: the document has {had or 'no such line'}",
                code="return_unknown",
            )
        details.append(_returned(sold, quantity, had, document.currency))
    changes = tuple(_in_proportion(change, document, details) for change in document.changes)
    part = replace(document, details=tuple(details), changes=tuple(each for each in changes if each.amount))
    part = replace(part, totals=_totals(part, document))
    kind = credit_note_type(document.kind)
    return _undone(part, kind, _reference(document, folio, CORRECTS_AMOUNTS, "Devolucion de mercaderias"), on)


def _undone(document: TaxDocument, kind: DocumentType, reference: Reference, on: date) -> TaxDocument:
    exchange = document.exchange
    if exchange is not None:
        exchange = Exchange(
            pesos_per_unit=exchange.pesos_per_unit, total=whole(document.totals.total * exchange.pesos_per_unit)
        )
    note = replace(
        document,
        kind=kind,
        issued_on=on,
        references=(*document.references[:1], reference),
        exchange=exchange,
        prepaid=_ZERO,
        remarks=(),
    )
    return note if len(note.details) <= most_lines(kind) else _summed_up(note)


def _reference(document: TaxDocument, folio: int, code: int, reason: str) -> Reference:
    return Reference(
        document_type=str(int(document.kind)), folio=str(folio), on=document.issued_on, code=code, reason=reason
    )


def _summed_up(note: TaxDocument) -> TaxDocument:
    """A note of more lines than it may hold, such as that of a boleta, names its taxed and its exempt sum."""
    details = tuple(
        Detail(
            line_id="",
            name=f"Lineas {'exentas' if exempt else 'afectas'} del documento",
            description=None,
            code=None,
            quantity=Decimal(1),
            unit=None,
            price=amount or None,
            discount=_ZERO,
            surcharge=_ZERO,
            amount=amount,
            exempt=exempt,
        )
        for exempt in (False, True)
        if any(each.exempt is exempt for each in note.details)
        for amount in (sum_of(note.details, exempt=exempt),)
    )
    return replace(note, details=details)


def _returned(sold: Detail, quantity: Decimal, had: Decimal, currency: str) -> Detail:
    if quantity == had:
        return sold
    amount = quantise(sold.amount * quantity / had, currency)
    discount, surcharge = (whole(each * quantity / had) for each in (sold.discount, sold.surcharge))
    price = sold.price
    if price is not None:
        off = amount - (quantise(quantity * price, currency) - discount + surcharge)
        discount, surcharge = (discount - off, surcharge) if off < 0 else (discount, surcharge + off)
        if discount % 1 or surcharge % 1:
            price, discount, surcharge = None, _ZERO, _ZERO
    return replace(
        sold,
        quantity=quantity if price is not None else None,
        price=price,
        discount=discount,
        surcharge=surcharge,
        amount=amount,
    )


def _in_proportion(change: GlobalChange, document: TaxDocument, details: list[Detail]) -> GlobalChange:
    had, back = (sum_of(lines, exempt=change.exempt) for lines in (document.details, details))
    amount = quantise(change.amount * back / had, document.currency) if had else _ZERO
    return replace(change, amount=amount)


def _totals(part: TaxDocument, document: TaxDocument) -> DocumentTotals:
    base, exempt = (sum_of([*part.details, *part.changes], exempt=kind) for kind in (False, True))
    rate = document.totals.rate
    if document.gross:
        tax = base - net_of(base, rate)
        return DocumentTotals(net=base - tax, exempt=exempt, tax=tax, total=base + exempt, rate=rate)
    # IVA that the document has charged goes back, not what the rate comes to today.
    tax = shares(document.totals.tax, [base, document.totals.net - base])[0]
    return DocumentTotals(net=base, exempt=exempt, tax=tax, total=base + exempt + tax, rate=rate)
