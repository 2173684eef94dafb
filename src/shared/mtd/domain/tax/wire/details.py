"""From an order's lines to the lines of documents."""

from decimal import ROUND_HALF_UP, Decimal

from mtd.domain.errors import BusinessError
from mtd.domain.orders.money import quantise
from mtd.domain.tax.amounts.currencies import PESOS
from mtd.domain.tax.amounts.items import Item
from mtd.domain.tax.document import Detail
from mtd.domain.tax.wire.wire_text import Remark, encodable, fit

_ZERO = Decimal(0)
_SIX = Decimal("0.000001")
_MOST = Decimal(10) ** 12
NAME, DESCRIPTION, CODE, UNIT = 80, 1000, 35, 4


def detail(item: Item, currency: str, remark: Remark) -> Detail:
    """The item as Detalle.

    Raises BusinessError with code `amount_out_of_range` for a quantity or price of more than twelve digits.
    """
    line = item.line
    name = fit(line.name or line.sku or "Articulo", NAME, f"NmbItem of line {line.id}", remark)
    full = encodable(line.name)
    quantity = _six(line.quantity, f"the quantity of line {line.id}")
    price = _six(line.price / line.base_quantity, f"the price of line {line.id}")
    discount, surcharge, exact = _changes(item, quantity, price, currency)
    if not exact:
        remark(f"line {line.id}: its price is left out, six decimals cannot hold it")
        price = _ZERO
    code = encodable(line.sku)
    if len(code) > CODE:
        remark(f"line {line.id}: the code has more than {CODE} characters and is left out")
    return Detail(
        line_id=line.id,
        name=name,
        description=full[:DESCRIPTION] if len(full) > NAME else None,
        code=code if 0 < len(code) <= CODE else None,
        quantity=quantity or None,
        unit=encodable(line.unit)[:UNIT] or None,
        price=price or None,
        discount=discount,
        surcharge=surcharge,
        amount=item.amount,
        exempt=item.exempt,
    )


def _six(value: Decimal, what: str) -> Decimal:
    """In at most six decimals, and without those that say nothing ([T] Dec12_6Type)."""
    if value >= _MOST:
        raise BusinessError(f"{what} is {value:.3E}: a document takes twelve digits", code="amount_out_of_range")
    return value.quantize(_SIX, ROUND_HALF_UP)


def _changes(item: Item, quantity: Decimal, price: Decimal, currency: str) -> tuple[Decimal, Decimal, bool]:
    """DescuentoMonto, RecargoMonto, and whether quantity x price - discount + surcharge is the amount.

    Both are whole numbers in every currency ([T] MntImpType). Either also holds the peso that rounding leaves.
    """
    line = item.line
    adjustments = [each.amount for each in line.adjustments] or [line.adjustment]
    discount = _whole(-sum((each for each in adjustments if each < 0), _ZERO))
    surcharge = _whole(sum((each for each in adjustments if each > 0), _ZERO))
    if not quantity or not price:
        # Without a price the surcharge is the amount, or the line is free.
        return _ZERO, _ZERO, True
    off = item.amount - (quantise(quantity * price, currency) - discount + surcharge)
    if currency == PESOS and abs(off) <= 2:
        return (discount - off, surcharge, True) if off < 0 else (discount, surcharge + off, True)
    return (discount, surcharge, True) if not off else (_ZERO, _ZERO, False)


def _whole(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_UP)
