"""The sums that an order names, and those of its lines when they are read as net or as gross."""

from dataclasses import dataclass
from decimal import Decimal

from mtd.domain.errors import BusinessError
from mtd.domain.orders.order import Order
from mtd.domain.tax.amounts.currencies import PESOS
from mtd.domain.tax.amounts.items import Item, net_of, whole
from mtd.domain.tax.issuer import Prices

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The sums that the order names; None where it leaves them out."""

    exclusive: Decimal | None
    tax: Decimal | None
    total: Decimal | None
    total_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The sums of the lines under one reading: `base` is their taxed part as they are, with IVA or without."""

    prices: Prices
    base: Decimal
    exempt: Decimal
    tax: Decimal
    taxed_lines: int
    """How many pesos the tax may be off: one a line that was rounded."""

    @property
    def net(self) -> Decimal:
        return self.base if self.prices is Prices.NET else self.base - self.tax

    @property
    def exclusive(self) -> Decimal:
        return self.net + self.exempt

    @property
    def total(self) -> Decimal:
        return self.exclusive + self.tax


def sums_of(prices: Prices, base: Decimal, exempt: Decimal, rate: Decimal, taxed_lines: int) -> Sums:
    """The sums of a taxed and an exempt part whose amounts are net, or gross."""
    tax = whole(base * rate) if prices is Prices.NET else base - net_of(base, rate)
    return Sums(prices=prices, base=base, exempt=exempt, tax=tax, taxed_lines=taxed_lines)


def check_totals(order: Order, items: tuple[Item, ...]) -> None:
    """Sums that hold whichever way the lines are read."""
    totals, tolerance = order.totals, len(items) + 1
    lines = sum((item.amount for item in items), _ZERO)
    if totals.lines is not None and abs(totals.lines - lines) > tolerance:
        raise BusinessError(
            f"the sum of the lines is {totals.lines} but comes to {lines} {PESOS}", code="total_mismatch"
        )
    if totals.tax_inclusive is not None and totals.payable is not None:
        paid = totals.payable + (totals.prepaid or _ZERO) - (totals.rounding or _ZERO)
        if abs(totals.tax_inclusive - paid) > tolerance:
            raise BusinessError(
                f"the total with tax is {totals.tax_inclusive}, but what is paid comes to {paid} {PESOS}",
                code="total_mismatch",
            )


def given_of(order: Order) -> Given:
    totals = order.totals
    total, name = totals.tax_inclusive, "the total with tax"
    if totals.payable is not None:
        total, name = totals.payable + (totals.prepaid or _ZERO) - (totals.rounding or _ZERO), "the payable amount"
    tax = totals.tax
    if tax is None and totals.tax_exclusive is not None and total is not None:
        tax = total - totals.tax_exclusive
    return Given(exclusive=totals.tax_exclusive, tax=tax, total=total, total_name=name)


def misfit(sums: Sums, given: Given, lines: int) -> str | None:
    """The code of what contradicts this reading, None when nothing does. Each line may be a peso off."""
    tolerance = lines + 1
    if given.tax is not None:
        forgotten = sums.tax > 0 and given.tax == 0
        if forgotten or abs(given.tax - sums.tax) > (sums.taxed_lines if sums.tax else 0):
            return "tax_contradicts"
    if given.exclusive is not None and abs(given.exclusive - sums.exclusive) > tolerance:
        return "total_mismatch"
    tax = sums.tax if given.tax is None else given.tax
    if given.total is not None and abs(given.total - (sums.exclusive + tax)) > tolerance:
        return "total_mismatch"
    return None
