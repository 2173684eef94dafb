"""The arithmetic of an order, after UBL 2.1 and PEPPOL BIS Ordering 3 (PEPPOL-T01-R002 and following), and the SII."""

from dataclasses import dataclass
from decimal import Decimal

from mtd.domain.errors import BusinessError
from mtd.domain.orders.money import minor_digits, quantise
from mtd.domain.orders.order import Order
from mtd.domain.tax.amounts.currencies import PESOS
from mtd.domain.tax.amounts.items import item_amount, line_amount
from mtd.domain.tax.amounts.rates import FIRST_DAY, LAST_DAY, rate_on
from mtd.domain.tax.amounts.reading import read
from mtd.domain.tax.amounts.shares import sum_of
from mtd.domain.tax.issuer import Prices
from mtd.domain.tax.kinds import EXPORTS, document_type

__all__ = ["Amounts", "amounts", "amounts_by_ubl", "line_amount"]

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """The amounts of an order in its currency: given totals checked, missing ones computed."""

    lines: Decimal
    tax_exclusive: Decimal
    tax: Decimal
    payable: Decimal
    #: The exempt part of `tax_exclusive`, in an order in pesos.
    exempt: Decimal = _ZERO


def amounts(order: Order, prices: Prices | None = None) -> Amounts:
    """The order's amounts; `prices` is the seller's setting, for an order in pesos that leaves its taxes out.

    Raises BusinessError with code `total_mismatch` where a given total does not add up; each may be off by one
    minor unit for each line that was rounded. Code `amount_negative` for a prepaid or payable amount below zero: no
    card is credited and no document issued for one. Code `amount_out_of_range` for amounts that are too large. An
    order that gets a document in pesos raises the errors of `tax.reading.read`, too.
    """
    if (order.totals.prepaid or _ZERO) < 0:
        raise BusinessError(
            f"the prepaid amount must not be negative; it is {order.totals.prepaid} {order.currency}",
            code="amount_negative",
        )
    kind = document_type(order)
    if order.currency != PESOS or kind in EXPORTS:
        return amounts_by_ubl(order)
    reading = read(order, kind, rate_on(min(max(order.issued_on, FIRST_DAY), LAST_DAY)), prices)
    return Amounts(
        lines=sum_of([*reading.items], exempt=False) + sum_of([*reading.items], exempt=True),
        tax_exclusive=reading.net + reading.exempt,
        tax=reading.tax,
        payable=_payable(order, reading.total, len(order.lines) + 1),
        exempt=reading.exempt,
    )


def amounts_by_ubl(order: Order) -> Amounts:
    """The amounts by UBL alone, whatever the law says of their tax: those of export invoices, and of old documents."""
    unit = Decimal(1).scaleb(-minor_digits(order.currency))
    tolerance = unit * (len(order.lines) + 1)

    def agreed(what: str, given: Decimal | None, computed: Decimal) -> Decimal:
        return _agreed(what, given, computed, tolerance, order.currency)

    each = [item_amount(line, order.currency) for line in order.lines]
    lines = agreed("the sum of the lines", order.totals.lines, sum(each, _ZERO))
    tax_exclusive = agreed("the total without tax", order.totals.tax_exclusive, lines + order.adjustment)
    tax = order.totals.tax
    if tax is None and order.totals.tax_inclusive is not None:
        tax = order.totals.tax_inclusive - tax_exclusive
    if tax is None and order.totals.payable is not None:
        # An order may leave the tax out and still name the payable amount (UBL: TaxTotal is optional).
        tax = order.totals.payable + (order.totals.prepaid or _ZERO) - (order.totals.rounding or _ZERO)
        tax -= tax_exclusive
    if tax is None:
        tax = sum(
            (amount * (line.tax_percent or _ZERO) / 100 for amount, line in zip(each, order.lines, strict=True)),
            _ZERO,
        )
    if tax < 0:
        raise BusinessError(f"the tax must not be negative; it comes to {tax} {order.currency}", code="total_mismatch")
    inclusive = agreed("the total with tax", order.totals.tax_inclusive, tax_exclusive + tax)
    return Amounts(
        lines=quantise(lines, order.currency),
        tax_exclusive=quantise(tax_exclusive, order.currency),
        tax=quantise(tax, order.currency),
        payable=_payable(order, inclusive, tolerance),
    )


def _payable(order: Order, inclusive: Decimal, tolerance: Decimal | int) -> Decimal:
    due = inclusive - (order.totals.prepaid or _ZERO) + (order.totals.rounding or _ZERO)
    payable = _agreed("the payable amount", order.totals.payable, due, tolerance, order.currency)
    if payable < 0:
        raise BusinessError(
            f"the payable amount must not be negative; it comes to {payable} {order.currency}", code="amount_negative"
        )
    return quantise(payable, order.currency)


def _agreed(what: str, given: Decimal | None, computed: Decimal, allowed: Decimal | int, currency: str) -> Decimal:
    if given is None:
        return quantise(computed, currency)
    if abs(given - computed) > allowed:
        raise BusinessError(
            f"{what} is {given} but comes to {quantise(computed, currency)} {currency}", code="total_mismatch"
        )
    return given
