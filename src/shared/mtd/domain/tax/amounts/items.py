"""The lines of an order, and its own discounts and surcharges, as documents count them."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from mtd.domain.errors import BusinessError
from mtd.domain.orders.money import minor_digits, quantise
from mtd.domain.orders.order import Adjustment, Order, OrderLine
from mtd.domain.tax.amounts.shares import sum_of
from mtd.domain.tax.kinds import EXEMPT_CATEGORIES, EXEMPT_KINDS, is_exempt

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line as a document counts it: `amount` in the minor unit of the order's currency, never negative."""

    line: OrderLine
    amount: Decimal
    exempt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A discount (below zero) or a surcharge (above zero) of the whole document, on its taxed or its exempt part."""

    amount: Decimal
    reason: str
    exempt: bool


def whole(amount: Decimal) -> Decimal:
    """The amount in whole pesos, a half rounded up."""
    return amount.quantize(Decimal(1), ROUND_HALF_UP)


def net_of(gross: Decimal, rate: Decimal) -> Decimal:
    """The net in a gross amount of whole pesos; IVA is what is left (LibreDTE's calculateNetoIVA: 680 is 571 + 109)."""
    return whole(gross / (1 + rate))


def line_amount(line: OrderLine, currency: str) -> Decimal:
    """Quantity times price per base quantity, plus charges, less allowances, rounded to the minor unit."""
    return quantise(line.quantity * line.price / line.base_quantity + line.adjustment, currency)


def items_of(order: Order) -> tuple[Item, ...]:
    """The order's lines as documents count them.

    Raises BusinessError: `total_mismatch` for an amount that is not its line's, `amount_negative` for one below zero,
    `tax_category_unknown` for a tax that is neither IVA nor its absence.
    """
    return tuple(_item(line, order) for line in order.lines)


def item_amount(line: OrderLine, currency: str) -> Decimal:
    """The line's amount, as the order gives it. Raises BusinessError `total_mismatch` or `amount_negative`."""
    amount = line_amount(line, currency)
    if line.amount is not None:
        if abs(line.amount - amount) > Decimal(1).scaleb(-minor_digits(currency)):
            raise BusinessError(
                f"the amount of line {line.id} is {line.amount} but comes to {amount} {currency}", code="total_mismatch"
            )
        amount = quantise(line.amount, currency)
    if amount < 0:
        raise BusinessError(
            f"line {line.id} comes to {amount} {currency}: a tax document has no line below zero; give the discount as "
            "an AllowanceCharge",
            code="amount_negative",
        )
    return amount


def _item(line: OrderLine, order: Order) -> Item:
    check_category(line.tax_category, f"line {line.id}")
    return Item(line=line, amount=item_amount(line, order.currency), exempt=is_exempt(line, order.requested_document))


def check_category(category: str | None, what: str) -> None:
    """Raises BusinessError with code `tax_category_unknown`."""
    if category is not None and category not in EXEMPT_CATEGORIES:
        raise BusinessError(
            f"{what} has the tax category {category!r}: IVA (S) and its absence (E, Z, O, G) are what is issued",
            code="tax_category_unknown",
        )


def changes_of(order: Order, items: tuple[Item, ...]) -> tuple[Change, ...]:
    """The order's own discounts and surcharges; what says no category is on the taxed part first."""
    adjustments = order.adjustments or (Adjustment(amount=order.adjustment),)
    taxed = sum_of(items, exempt=False)
    has_taxed = any(not item.exempt for item in items)
    changes: list[Change] = []
    for each in adjustments:
        amount = quantise(each.amount, order.currency)
        reason = each.reason or ("Descuento" if amount < 0 else "Recargo")
        exempt = each.tax_category in EXEMPT_CATEGORIES or not has_taxed
        parts = [(amount, exempt)]
        if not exempt and taxed + amount < 0:
            parts = [(-taxed, False), (taxed + amount, True)]
        for part, on_exempt in parts:
            if part:
                changes.append(Change(amount=part, reason=reason, exempt=on_exempt))
                taxed += _ZERO if on_exempt else part
    return tuple(changes)


def check_rates(items: tuple[Item, ...], rate: Decimal, order: Order) -> None:
    """Raises BusinessError `tax_rate_unknown`, `tax_contradicts` or `document_contradicts_taxes`."""
    for item in items:
        percent = item.line.tax_percent
        if percent and percent != rate * 100:
            raise BusinessError(
                f"line {item.line.id} says {percent} %, and IVA is {(rate * 100).normalize():f} %",
                code="tax_rate_unknown",
            )
        if percent and item.exempt:
            raise BusinessError(
                f"line {item.line.id} is exempt (category {item.line.tax_category}) and says {percent} %",
                code="tax_contradicts",
            )
        if not item.exempt and order.requested_document in EXEMPT_KINDS:
            raise BusinessError(
                f"the order asks for the exempt document {order.requested_document}, and line {item.line.id} is taxed",
                code="document_contradicts_taxes",
            )
