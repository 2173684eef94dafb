"""The arithmetic of an order, after UBL 2.1 and PEPPOL BIS Ordering 3 (rules PEPPOL-T01-R002 and following)."""

from dataclasses import dataclass
from decimal import Decimal

from mtd.domain.errors import BusinessError
from mtd.domain.orders.money import minor_digits, quantise
from mtd.domain.orders.order import Order, OrderLine

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What an order comes to, in its currency: given totals checked, missing ones computed."""

    lines: Decimal
    tax_exclusive: Decimal
    tax: Decimal
    payable: Decimal


def line_amount(line: OrderLine, currency: str) -> Decimal:
    """Quantity times price per base quantity, plus charges, less allowances, rounded to the minor unit."""
    return quantise(line.quantity * line.price / line.base_quantity + line.adjustment, currency)


def amounts(order: Order) -> Amounts:
    """The order's amounts.

    Raises BusinessError with code `total_mismatch` where a given total does not add up; each may be off by one
    minor unit for each line that was rounded. Code `amount_negative` for a prepaid or payable amount below zero: no
    card is credited and no document issued for one. Code `amount_out_of_range` for what cannot be reckoned with.
    """
    unit = Decimal(1).scaleb(-minor_digits(order.currency))
    tolerance = unit * (len(order.lines) + 1)

    def agreed(what: str, given: Decimal | None, computed: Decimal, allowed: Decimal) -> Decimal:
        if given is None:
            return quantise(computed, order.currency)
        if abs(given - computed) > allowed:
            raise BusinessError(
                f"{what} is {given} but comes to {quantise(computed, order.currency)} {order.currency}",
                code="total_mismatch",
            )
        return given

    each = [
        agreed(f"the amount of line {line.id}", line.amount, line_amount(line, order.currency), unit)
        for line in order.lines
    ]
    lines = agreed("the sum of the lines", order.totals.lines, sum(each, _ZERO), tolerance)
    tax_exclusive = agreed("the total without tax", order.totals.tax_exclusive, lines + order.adjustment, tolerance)
    tax = order.totals.tax
    if tax is None and order.totals.tax_inclusive is not None:
        tax = order.totals.tax_inclusive - tax_exclusive
    if tax is None and order.totals.payable is not None:
        # An order may leave the tax out and still say what is to be paid (UBL: TaxTotal is optional).
        tax = order.totals.payable + (order.totals.prepaid or _ZERO) - (order.totals.rounding or _ZERO)
        tax -= tax_exclusive
    if tax is None:
        tax = sum(
            (amount * (line.tax_percent or _ZERO) / 100 for amount, line in zip(each, order.lines, strict=True)),
            _ZERO,
        )
    if (order.totals.prepaid or _ZERO) < 0:
        raise BusinessError(f"the prepaid amount is {order.totals.prepaid} {order.currency}", code="amount_negative")
    if tax < 0:
        raise BusinessError(f"the tax comes to {tax} {order.currency}", code="total_mismatch")
    inclusive = agreed("the total with tax", order.totals.tax_inclusive, tax_exclusive + tax, tolerance)
    due = inclusive - (order.totals.prepaid or _ZERO) + (order.totals.rounding or _ZERO)
    payable = agreed("the payable amount", order.totals.payable, due, tolerance)
    if payable < 0:
        raise BusinessError(f"the payable amount comes to {payable} {order.currency}", code="amount_negative")
    return Amounts(
        lines=quantise(lines, order.currency),
        tax_exclusive=quantise(tax_exclusive, order.currency),
        tax=quantise(tax, order.currency),
        payable=quantise(payable, order.currency),
    )
