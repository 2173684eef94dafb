"""Random orders of every kind of tax document, and the arithmetic that their documents must keep.

The checks read the XML as it is sent, so that nothing of the product's own sums is trusted.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from xml.etree import ElementTree

from mtd.domain.orders.order import Adjustment, Order, OrderLine, Party, Totals
from mtd.domain.orders.totals import amounts
from mtd.domain.tax.issuer import RETAILER, TaxSettings

KINDS = (33, 34, 39, 41, 110)
SETTINGS = TaxSettings(
    default=replace(RETAILER, delivery_notes=True),
    pesos_per={"USD": Decimal("950.25"), "EUR": Decimal("1043.1"), "JPY": Decimal("6.31")},
)
_NAMES = ('Televisor 55"', "Café & té", "Niño – «ñandú»", "🚚 Envío", "Ünïcödé Łódź", "x" * 120, "a", "<b>")
_ZERO = Decimal(0)
_NS = "{http://www.sii.cl/SiiDte}"


def random_order(chance: random.Random, kind: int) -> Order:
    """An order that gets a document of that kind; totals are left out, in part or whole, or given."""
    currency = chance.choice(("USD", "EUR", "JPY", "CLP")) if kind == 110 else "CLP"
    most = 1_000 if kind in (39, 41) else 60
    count = chance.choice((1, 1, 2, 3, 5, 8, most, most + 1, 2 * most + 3) if chance.random() < 0.03 else (1, 2, 3, 5))
    lines = tuple(_line(chance, number, kind, currency) for number in range(1, count + 1))
    if kind in (33, 39):
        # At least one line is taxed and worth something, or it would be the exempt kind.
        lines = (replace(lines[0], tax_category=None, price=max(lines[0].price, Decimal(500))), *lines[1:])
    rut = {34: "76086428-5", 33: "76086428-5", 110: None}.get(kind, chance.choice(("12345678-5", "66666666-6")))
    order = Order(
        number=chance.choice(("CL-2026-000001", f"W-{chance.randrange(10**9)}-with-a-long-number")),
        issued_on=date(2026, 11, 20),
        currency=currency,
        seller=Party(id="76123456-0", rut="76123456-0", name="Tiendas Ñandú & Cía.", activity="Comercio " * 12),
        buyer=Party(
            id=rut or "F-1",
            rut=rut,
            name=chance.choice(_NAMES),
            email=chance.choice((None, "ana@example.cl")),
            country=chance.choice((None, "US", "ZZ")),
            city=chance.choice((None, "San José de la Mariquina")),
        ),
        lines=lines,
        totals=Totals(),
        adjustment=_ZERO,
    )
    order = _with_changes(chance, order)
    return _with_totals(chance, order, kind)


def _line(chance: random.Random, number: int, kind: int, currency: str) -> OrderLine:
    exempt = kind in (34, 41) or (kind in (33, 39) and chance.random() < 0.2)
    price = Decimal(chance.choice((0, 1, 100, 990, 12_990, 349_990)))
    if chance.random() < 0.2:
        price = Decimal(chance.randrange(1, 10**9)).scaleb(-chance.choice((2, 4, 7)))
    if currency not in ("CLP", "JPY"):
        price = price.quantize(Decimal("0.01"))
    quantity = Decimal(chance.randrange(1, 100)) / chance.choice((1, 1, 1, 8))
    base = Decimal(chance.choice((1, 1, 1, 3, 12)))
    worth = quantity * price / base
    changes: tuple[Adjustment, ...] = ()
    if worth > 100 and chance.random() < 0.3:
        unit = Decimal(1) if currency in ("CLP", "JPY") else Decimal("0.01")
        changes = (Adjustment(amount=-(worth * chance.randrange(1, 99) / 100).quantize(unit), reason="Oferta"),)
        if chance.random() < 0.3:
            changes += (Adjustment(amount=Decimal(chance.randrange(1, 90)), reason="Despacho"),)
    return OrderLine(
        id=str(number),
        sku=chance.choice(("SKU-1", "", "s" * 40)),
        name=chance.choice(_NAMES),
        quantity=quantity,
        unit=chance.choice(("EA", "", "KILOS")),
        price=price,
        base_quantity=base,
        adjustment=sum((each.amount for each in changes), _ZERO),
        amount=None,
        tax_percent=None,
        tax_category="E" if exempt else None,
        adjustments=changes,
    )


def _with_changes(chance: random.Random, order: Order) -> Order:
    if chance.random() < 0.6:
        return order
    taxed = sum((_worth(line) for line in order.lines if line.tax_category is None), _ZERO)
    room = taxed or sum((_worth(line) for line in order.lines), _ZERO)
    unit = Decimal(1) if order.currency in ("CLP", "JPY") else Decimal("0.01")
    discount = -(room * chance.randrange(0, 90) / 100).quantize(unit, "ROUND_DOWN")
    changes: tuple[Adjustment, ...] = (
        Adjustment(amount=discount),
        Adjustment(amount=Decimal(chance.randrange(1, 5_000)), reason="Flete"),
    )
    changes = changes[: chance.choice((1, 2))]
    return replace(order, adjustments=changes, adjustment=sum((each.amount for each in changes), _ZERO))


def _worth(line: OrderLine) -> Decimal:
    worth = line.quantity * line.price / line.base_quantity + line.adjustment
    return worth.quantize(Decimal(1), "ROUND_DOWN") if worth > 1 else _ZERO


def _with_totals(chance: random.Random, order: Order, kind: int) -> Order:
    found = amounts(order)
    total = found.payable
    prepaid = (
        (total * chance.randrange(0, 100) / 100).quantize(Decimal(1), "ROUND_DOWN") if chance.random() < 0.2 else None
    )
    paid = total - (prepaid or _ZERO)
    given = Totals(lines=found.lines, tax_exclusive=found.tax_exclusive, tax=found.tax, tax_inclusive=total)
    return replace(
        order,
        totals=chance.choice(
            (
                Totals(prepaid=prepaid),
                Totals(prepaid=prepaid, payable=paid),
                Totals(prepaid=prepaid, payable=paid, tax=found.tax),
                replace(given, prepaid=prepaid, payable=paid),
            )
        )
        if kind != 110
        else Totals(prepaid=prepaid, payable=paid),
    )


def wrong_sums(sent: Sequence[bytes], total: Decimal) -> list[str]:
    """The faults in the sums of one order's documents, whose total is given: by the SII's own rules.

    [F] field 38 for lines, 107 and 124 for totals; LibreDTE's calculateNetoIVA for gross amounts.
    """
    wrong: list[str] = []
    sum_of_totals = _ZERO
    for content in sent:
        document = ElementTree.fromstring(content)
        wrong += _wrong(document)
        sum_of_totals += Decimal(document.findtext(f".//{_NS}MntTotal") or "0")
    if sum_of_totals != total:
        wrong.append(f"the documents come to {sum_of_totals}, the order to {total}")
    return wrong


def _wrong(document: ElementTree.Element) -> list[str]:
    def number(parent: ElementTree.Element, name: str) -> Decimal:
        return Decimal(parent.findtext(f"{_NS}{name}") or "0")

    wrong: list[str] = []
    totals = document.find(f".//{_NS}Totales")
    assert totals is not None
    in_cents = totals.findtext(f"{_NS}TpoMoneda") in ("DOLAR USA", "EURO")
    unit = Decimal("0.01") if in_cents else Decimal(1)
    parts = {True: _ZERO, False: _ZERO}
    for line in document.iter(f"{_NS}Detalle"):
        amount = number(line, "MontoItem")
        parts[line.findtext(f"{_NS}IndExe") == "1"] += amount
        if line.find(f"{_NS}PrcItem") is not None:
            worth = (number(line, "QtyItem") * number(line, "PrcItem")).quantize(unit, ROUND_HALF_UP)
            if worth - number(line, "DescuentoMonto") + number(line, "RecargoMonto") != amount:
                wrong.append(f"line {line.findtext(f'{_NS}NroLinDet')} does not come to {amount}")
    for change in document.iter(f"{_NS}DscRcgGlobal"):
        sign = -1 if change.findtext(f"{_NS}TpoMov") == "D" else 1
        parts[change.findtext(f"{_NS}IndExeDR") == "1"] += sign * number(change, "ValorDR")
    net, exempt, tax, total = (number(totals, name) for name in ("MntNeto", "MntExe", "IVA", "MntTotal"))
    if net + exempt + tax != total:
        wrong.append(f"net {net}, exempt {exempt} and IVA {tax} are not {total}")
    kind = int(document.findtext(f".//{_NS}TipoDTE") or 0)
    gross = document.find(f".//{_NS}MntBruto") is not None or (
        kind in (39, 41) and document.find(f".//{_NS}IndMntNeto") is None
    )
    if parts[True] != exempt or parts[False] != (total - exempt if gross else net):
        wrong.append(f"the lines come to {parts[False]} taxed and {parts[True]} exempt")
    if gross and net != ((total - exempt) / Decimal("1.19")).quantize(Decimal(1), ROUND_HALF_UP):
        wrong.append(f"the net {net} is not in {total - exempt}")
    lines = sum(1 for _ in document.iter(f"{_NS}Detalle"))
    if abs(tax - net * Decimal("0.19")) > max(lines, 1):
        wrong.append(f"IVA {tax} is not 19 % of {net}")
    return wrong
