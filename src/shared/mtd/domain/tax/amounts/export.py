"""An order as an export document: in its own currency, without IVA."""

from decimal import Decimal

from mtd.domain.errors import BusinessError
from mtd.domain.orders.money import minor_digits, quantise
from mtd.domain.orders.order import Order
from mtd.domain.tax.amounts.currencies import PESOS
from mtd.domain.tax.amounts.items import Change, Item, changes_of, item_amount
from mtd.domain.tax.amounts.reading import ROUNDING, Reading
from mtd.domain.tax.amounts.shares import sum_of
from mtd.domain.tax.issuer import Prices, TaxSettings

TAXES = "Impuestos del pedido"
_ZERO = Decimal(0)


def read(order: Order) -> Reading:
    """All of the order is exempt; taxes that it names are another country's, a surcharge of its own.

    Raises BusinessError with code `total_mismatch` or `amount_negative`.
    """
    items = tuple(Item(line=line, amount=item_amount(line, order.currency), exempt=True) for line in order.lines)
    changes = changes_of(order, items)
    totals = order.totals
    lines = sum_of([*items, *changes], exempt=True)
    exclusive = totals.tax_exclusive if totals.tax_exclusive is not None else lines
    total = totals.tax_inclusive
    if totals.payable is not None:
        total = totals.payable + (totals.prepaid or _ZERO) - (totals.rounding or _ZERO)
    tax = totals.tax if totals.tax is not None else (total - exclusive if total is not None else _line_taxes(items))
    if total is None:
        total = exclusive + tax
    total, tax = quantise(total, order.currency), quantise(tax, order.currency)
    tolerance = Decimal(1).scaleb(-minor_digits(order.currency)) * (len(items) + 1)
    off = total - lines - tax
    if abs(off) > tolerance:
        raise BusinessError(f"the total is {total} but comes to {lines + tax} {order.currency}", code="total_mismatch")
    if tax < 0 or total < 0:
        raise BusinessError(f"the total comes to {total} {order.currency}, {tax} of it tax", code="amount_negative")
    changes += tuple(
        Change(amount=amount, reason=reason, exempt=True)
        for amount, reason in ((tax, TAXES), (off, ROUNDING))
        if amount
    )
    return Reading(items=items, changes=changes, prices=Prices.NET, net=_ZERO, exempt=total, tax=_ZERO, total=total)


def pesos_per_unit(currency: str, settings: TaxSettings) -> Decimal | None:
    """The exchange rate that OtraMoneda must name, None for pesos.

    Raises BusinessError with code `exchange_rate_missing`.
    """
    if currency == PESOS:
        return None
    rate = settings.pesos_per.get(currency)
    if rate is None or not 0 < rate < 10**6:
        raise BusinessError(
            f"an export invoice in {currency} names its total in pesos, and there is no rate of {currency}: give the "
            "pesos of one unit in the setting of exchange rates",
            code="exchange_rate_missing",
        )
    return rate


def _line_taxes(items: tuple[Item, ...]) -> Decimal:
    return sum((item.amount * (item.line.tax_percent or _ZERO) / 100 for item in items), _ZERO)
