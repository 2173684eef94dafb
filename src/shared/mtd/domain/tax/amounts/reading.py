"""An order's taxes as it says them: whether its lines hold IVA, and its sums in whole pesos.

An order of UBL has net lines; a shop's boleta has gross ones, and either may leave its taxes out. The total
stays the order's in every case: MTD never changes the amount that a customer pays.
"""

from dataclasses import dataclass
from decimal import Decimal

from mtd.domain.errors import BusinessError
from mtd.domain.orders.order import Order
from mtd.domain.tax.amounts.currencies import PESOS
from mtd.domain.tax.amounts.items import Change, Item, changes_of, check_category, check_rates, items_of, net_of, whole
from mtd.domain.tax.amounts.shares import sum_of
from mtd.domain.tax.amounts.sums import Given, Sums, check_totals, given_of, misfit, sums_of
from mtd.domain.tax.issuer import Prices
from mtd.domain.tax.kinds import BOLETAS, DocumentType

ROUNDING = "Redondeo"
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An order in pesos, read: items and changes add up to `net` + `exempt`, or to `total` where prices are gross.

    `total` = `net` + `exempt` + `tax`; the prepaid part is in it, because it is a means of payment ([F] field 124).
    """

    items: tuple[Item, ...]
    changes: tuple[Change, ...]
    prices: Prices
    net: Decimal
    exempt: Decimal
    tax: Decimal
    total: Decimal


def read(order: Order, kind: DocumentType, rate: Decimal, prices: Prices | None = None) -> Reading:
    """The order as a document of that kind in pesos; `prices` is the seller's setting, for what the order leaves out.

    Raises BusinessError with a code and what to do: `currency_not_pesos`, `tax_missing`, `tax_contradicts`,
    `tax_rate_unknown`, `total_mismatch`, `document_contradicts_taxes`, and those of `items_of`.
    """
    if order.currency != PESOS:
        raise BusinessError(
            f"the order is in {order.currency}: a document {kind} is in whole pesos. Give the order in CLP, or ask for "
            "an export invoice (OrderTypeCode 110)",
            code="currency_not_pesos",
        )
    items = items_of(order)
    for each in order.adjustments:
        check_category(each.tax_category, "an allowance or charge of the order")
    changes = changes_of(order, items)
    check_rates(items, rate, order)
    base, exempt = (sum_of([*items, *changes], exempt=exempt) for exempt in (False, True))
    if base < 0 or exempt < 0:
        raise BusinessError("the discounts are more than what they discount", code="amount_negative")
    check_totals(order, items)
    given = given_of(order)
    taxed_lines = sum(not item.exempt for item in items)
    sums = {way: sums_of(way, base, exempt, rate, taxed_lines) for way in Prices}
    preferred = _preferred(order, kind, prices, given)
    for way in (preferred, *(other for other in Prices if other is not preferred)):
        if _may(way, kind, prices, given) and misfit(sums[way], given, len(items)) is None:
            return _settled(items, changes, sums[way], given, rate)
    raise _refusal(order, kind, rate, sums[preferred], given, len(items))


def _preferred(order: Order, kind: DocumentType, prices: Prices | None, given: Given) -> Prices:
    if prices is not None:
        return prices
    # A line that names its rate is UBL's, whose amounts are before taxes.
    names_taxes = given.tax is not None or any(line.tax_percent for line in order.lines)
    return Prices.GROSS if kind in BOLETAS and not names_taxes else Prices.NET


def _may(prices: Prices, kind: DocumentType, setting: Prices | None, given: Given) -> bool:
    """Whether an order may be read so: taxes that it names decide; else the seller's setting, or the kind's custom."""
    return given.tax is not None or prices is setting or (setting is None and (prices is Prices.NET or kind in BOLETAS))


def _settled(items: tuple[Item, ...], changes: tuple[Change, ...], sums: Sums, given: Given, rate: Decimal) -> Reading:
    """The reading with the order's own total; what rounding leaves between it and the lines becomes a change."""
    if sums.prices is Prices.GROSS:
        total = sums.total if given.total is None else whole(given.total)
        off = total - sums.total
        tax = sums.base - net_of(sums.base, rate)
        if sums.base:
            tax = sums.base + off - net_of(sums.base + off, rate)
    else:
        tax = sums.tax if given.tax is None else whole(given.tax)
        exclusive = sums.exclusive if given.exclusive is None else whole(given.exclusive)
        total = exclusive + tax if given.total is None else whole(given.total)
        if given.tax is None and sums.tax:
            # IVA takes the rounding up, as far as a peso a line.
            most = sums.taxed_lines
            tax = max(_ZERO, sums.tax - most, min(sums.tax + most, total - sums.exclusive))
        off = total - tax - sums.exclusive
    exempt_takes_it = not sums.base
    if off:
        changes = (*changes, Change(amount=off, reason=ROUNDING, exempt=exempt_takes_it))
    exempt = sums.exempt + (off if exempt_takes_it else _ZERO)
    if total < 0 or exempt < 0 or total - exempt - tax < 0:
        raise BusinessError(f"the total comes to {total} {PESOS}", code="amount_negative")
    return Reading(
        items=items, changes=changes, prices=sums.prices, net=total - exempt - tax, exempt=exempt, tax=tax, total=total
    )


def _refusal(order: Order, kind: DocumentType, rate: Decimal, sums: Sums, given: Given, lines: int) -> BusinessError:
    percent = f"{(rate * 100).normalize():f} %"
    code = misfit(sums, given, lines) or "total_mismatch"
    if given.tax is None and given.total is not None and abs(given.total - sums.base - sums.exempt) <= lines + 1:
        return BusinessError(
            f"the order names no tax and its total {given.total} {PESOS} is that of its lines, but a document {kind} "
            f"adds IVA of {sums.tax} to them. Give TaxTotal, mark the lines as exempt (E), or set the seller's prices "
            "to gross",
            code="tax_missing",
        )
    if code == "tax_contradicts":
        return BusinessError(
            f"the tax is {given.tax} {PESOS}, but {percent} of the taxed lines ({sums.net}) is {sums.tax}, a peso more "
            "or less for each line. Correct TaxTotal, or the tax category of the lines",
            code=code,
        )
    if given.exclusive is not None and abs(given.exclusive - sums.exclusive) > lines + 1:
        return BusinessError(
            f"the total without tax is {given.exclusive} but comes to {sums.exclusive} {PESOS}", code=code
        )
    tax = sums.tax if given.tax is None else given.tax
    return BusinessError(
        f"{given.total_name} is {order.totals.payable if order.totals.payable is not None else given.total} but comes "
        f"to {sums.exclusive + tax - (order.totals.prepaid or _ZERO) + (order.totals.rounding or _ZERO)} {PESOS}",
        code=code,
    )
