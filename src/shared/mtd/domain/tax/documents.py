"""From an order to its tax documents."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import batched

from mtd.domain.errors import BusinessError
from mtd.domain.orders.money import minor_digits, quantise
from mtd.domain.orders.order import Order
from mtd.domain.tax.amounts import export
from mtd.domain.tax.amounts.items import Change, net_of, whole
from mtd.domain.tax.amounts.rates import FIRST_DAY, LAST_DAY, rate_on
from mtd.domain.tax.amounts.reading import Reading, read
from mtd.domain.tax.amounts.shares import shares, sum_of
from mtd.domain.tax.document import MOST_CHANGES, DocumentTotals, Exchange, GlobalChange, Reference, TaxDocument
from mtd.domain.tax.issuer import Issuer, Prices, TaxSettings
from mtd.domain.tax.kinds import EXPORTS, DocumentType, document_type, most_lines
from mtd.domain.tax.wire.details import detail
from mtd.domain.tax.wire.receiver import receiver_of
from mtd.domain.tax.wire.wire_text import Remark, encodable, fit

PURCHASE_ORDER = "801"
"""TpoDocRef of an order ([F], table of references)."""

_ZERO = Decimal(0)
_FOLIO_REF, _RAZON_REF, _GLOSA_DR = 18, 90, 45


def documents_of(order: Order, settings: TaxSettings, on: date) -> tuple[TaxDocument, ...]:
    """The documents that an order gets on that day; several where it has more lines than one may hold.

    They add up to the order's total, to the minor unit of its currency.

    Raises BusinessError with a code and what to do: those of `reading.read` and `details.detail`,
    `date_out_of_range`, `exchange_rate_missing`, `issuer_incomplete`.
    """
    return _documents(order, document_type(order), settings, on)


def delivery_notes_of(order: Order, settings: TaxSettings, on: date) -> tuple[TaxDocument, ...]:
    """The guías de despacho (52) with which the order's goods leave before they are invoiced.

    None for a seller whose settings do not ask for them. Raises as the above.
    """
    if not settings.issuer_of(order).delivery_notes:
        return ()
    return _documents(order, DocumentType.DELIVERY_NOTE, settings, on)


def _documents(order: Order, kind: DocumentType, settings: TaxSettings, on: date) -> tuple[TaxDocument, ...]:
    issuer = _complete(settings.issuer_of(order))
    rate = rate_on(on)
    if kind in EXPORTS:
        reading = export.read(order)
        exchange = export.pesos_per_unit(order.currency, settings)
    else:
        reading, exchange = read(order, kind, rate, issuer.prices), None
    unit = Decimal(1).scaleb(-minor_digits(order.currency))
    chunks = list(batched(reading.items, most_lines(kind)))
    weights = {exempt: [sum_of(chunk, exempt=exempt) for chunk in chunks] for exempt in (False, True)}
    changes = _merged(reading.changes)
    parted = [shares(change.amount, weights[change.exempt], unit) for change in changes]
    bases = {
        exempt: [
            weight
            + sum((part[i] for part, change in zip(parted, changes, strict=True) if change.exempt is exempt), _ZERO)
            for i, weight in enumerate(weights[exempt])
        ]
        for exempt in (False, True)
    }
    taxes = _taxes(reading, bases[False], rate, unit)
    totals = [_totals(reading, *each, rate) for each in zip(bases[False], bases[True], taxes, strict=True)]
    prepaid = shares(_prepaid(order, reading), [each.total for each in totals], unit)
    documents = []
    for index, chunk in enumerate(chunks):
        remarks: list[str] = []
        documents.append(
            TaxDocument(
                kind=kind,
                issued_on=on,
                issuer=issuer,
                receiver=receiver_of(order, kind, remarks.append),
                order_number=order.number,
                currency=order.currency,
                gross=reading.prices is Prices.GROSS,
                details=tuple(detail(item, order.currency, remarks.append) for item in chunk),
                changes=_global_changes(changes, [part[index] for part in parted], remarks.append),
                totals=totals[index],
                references=(_purchase_order(order, on, index + 1, len(chunks), remarks.append),),
                exchange=None
                if exchange is None
                else Exchange(pesos_per_unit=exchange, total=whole(totals[index].total * exchange)),
                prepaid=prepaid[index],
                part=index + 1,
                parts=len(chunks),
                remarks=tuple(remarks),
            )
        )
    return tuple(documents)


def _complete(issuer: Issuer) -> Issuer:
    """Raises BusinessError where the SII would not take the issuer ([X] Emisor)."""
    codes = issuer.activity_codes
    if not encodable(issuer.name) or not encodable(issuer.activity) or not 1 <= len(codes) <= 4:
        raise BusinessError(
            f"the issuer {issuer.rut} needs a name, a line of business and one to four activity codes: complete its "
            "settings",
            code="issuer_incomplete",
        )
    return issuer


def _taxes(reading: Reading, bases: Sequence[Decimal], rate: Decimal, unit: Decimal) -> list[Decimal]:
    """IVA of each part: of gross ones what is left of the total, of net ones its share of the order's."""
    if reading.prices is Prices.GROSS:
        return [base - net_of(base, rate) for base in bases]
    return shares(reading.tax, bases, unit)


def _totals(reading: Reading, base: Decimal, exempt: Decimal, tax: Decimal, rate: Decimal) -> DocumentTotals:
    net = base - tax if reading.prices is Prices.GROSS else base
    return DocumentTotals(net=net, exempt=exempt, tax=tax, total=net + exempt + tax, rate=rate)


def _prepaid(order: Order, reading: Reading) -> Decimal:
    return quantise(min(order.totals.prepaid or _ZERO, reading.total), order.currency)


def _merged(changes: Sequence[Change]) -> Sequence[Change]:
    """At most so many as a document may hold: beyond that one for each sign and part."""
    if len(changes) <= MOST_CHANGES:
        return changes
    sums: dict[tuple[bool, bool], Decimal] = {}
    for each in changes:
        key = (each.amount < 0, each.exempt)
        sums[key] = sums.get(key, _ZERO) + each.amount
    return [
        Change(amount=amount, reason="Descuentos" if below else "Recargos", exempt=exempt)
        for (below, exempt), amount in sums.items()
    ]


def _global_changes(changes: Sequence[Change], parts: Sequence[Decimal], remark: Remark) -> tuple[GlobalChange, ...]:
    return tuple(
        GlobalChange(amount=part, reason=fit(change.reason, _GLOSA_DR, "GlosaDR", remark), exempt=change.exempt)
        for change, part in zip(changes, parts, strict=True)
        if part
    )


def _purchase_order(order: Order, on: date, part: int, parts: int, remark: Remark) -> Reference:
    """The order, by the number under which people know it; a longer one than the field is in the reason, too."""
    number = fit(order.number, _FOLIO_REF, "FolioRef", remark)
    reasons = [f"Orden {encodable(order.number)}"] if number != order.number else []
    if parts > 1:
        reasons.insert(0, f"Documento {part} de {parts}")
    reason = ". ".join(reasons)[:_RAZON_REF]
    day = order.issued_on if FIRST_DAY <= order.issued_on <= LAST_DAY else on
    return Reference(document_type=PURCHASE_ORDER, folio=number, on=day, reason=reason or None)
