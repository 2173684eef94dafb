"""Generates distinct, realistic UBL 2.1 orders of Chilean retail.

    python seed/generate.py --orders 300 --out DIR [--seed 1] [--prefix W]

The same seed gives the same files. Standard library only.
"""

import argparse
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from xml.sax.saxutils import escape

_SELLERS = (
    ("76123456", "Tiendas Andes SpA", "Santiago", "Venta al por menor en comercios no especializados"),
    ("96571890", "Hogar y Jardín S.A.", "Concepción", "Venta al por menor de muebles y jardín"),
    ("77890123", "ElectroSur Ltda.", "Temuco", "Venta al por menor de electrodomésticos"),
)
_FIRST = (
    "María",
    "José",
    "Camila",
    "Benjamín",
    "Antonia",
    "Matías",
    "Valentina",
    "Sebastián",
    "Ñusta",
    "Óscar",
)
_LAST = ("González", "Muñoz", "Rojas", "Díaz", "Pérez", "Soto", "Contreras", "Silva", "Núñez", "O'Higgins")
_COMPANIES = (
    "Constructora Ñuble Ltda.",
    "Clínica Los Álamos S.A.",
    "Transportes Maipú SpA",
    "Viña Cordillera S.A.",
)
_CITIES = ("Santiago", "Valparaíso", "Concepción", "La Serena", "Temuco", "Puerto Montt", "Iquique")
_ITEMS = (
    ("TV-55-4K", 'Televisor 55" 4K', 349_990),
    ("REF-400", "Refrigerador 400 L No Frost", 429_990),
    ("SIL-OF", "Silla de oficina", 89_990),
    ("MESA-6", "Mesa de comedor 6 puestos", 199_990),
    ("ZAP-42", "Zapatillas running 42", 54_990),
    ("LIB-QUI", "Libro «El Quijote»", 12_490),
    ("CAF-1K", "Café en grano 1 kg", 15_990),
    ("BIC-29", "Bicicleta aro 29", 259_990),
    ("TAL-18V", "Taladro inalámbrico 18 V", 74_990),
    ("JUG-LEG", "Juguete bloques & figuras", 24_990),
)
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_VAT = Decimal("0.19")


def _check_digit(number: int) -> str:
    total = sum(int(digit) * (2 + i % 6) for i, digit in enumerate(reversed(str(number))))
    return "0K987654321"[total % 11]


def _rut(number: int) -> str:
    return f"{number}-{_check_digit(number)}"


def _party(role: str, rut: str, name: str, city: str, activity: str, mail: str | None) -> str:
    contact = f"<cac:Contact><cbc:ElectronicMail>{escape(mail)}</cbc:ElectronicMail></cac:Contact>" if mail else ""
    giro = f"<cbc:IndustryClassificationCode>{escape(activity)}</cbc:IndustryClassificationCode>" if activity else ""
    return (
        f"  <cac:{role}><cac:Party>{giro}"
        f'<cac:PartyIdentification><cbc:ID schemeID="CL:RUT">{rut}</cbc:ID></cac:PartyIdentification>'
        f"<cac:PartyName><cbc:Name>{escape(name)}</cbc:Name></cac:PartyName>"
        f"<cac:PostalAddress><cbc:CityName>{escape(city)}</cbc:CityName>"
        "<cac:Country><cbc:IdentificationCode>CL</cbc:IdentificationCode></cac:Country></cac:PostalAddress>"
        f"{contact}</cac:Party></cac:{role}>\n"
    )


def _line(number: int, sku: str, name: str, quantity: int, price: int) -> str:
    return (
        f"  <cac:OrderLine><cac:LineItem><cbc:ID>{number}</cbc:ID>"
        f'<cbc:Quantity unitCode="EA">{quantity}</cbc:Quantity>'
        f'<cbc:LineExtensionAmount currencyID="CLP">{quantity * price}</cbc:LineExtensionAmount>'
        f'<cac:Price><cbc:PriceAmount currencyID="CLP">{price}</cbc:PriceAmount></cac:Price>'
        f"<cac:Item><cbc:Name>{escape(name)}</cbc:Name>"
        f"<cac:SellersItemIdentification><cbc:ID>{sku}</cbc:ID></cac:SellersItemIdentification>"
        "<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>"
        "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item>"
        "</cac:LineItem></cac:OrderLine>\n"
    )


def order(number: str, chance: random.Random, today: date) -> str:
    """One order's XML: 1 to 5 lines, a gift card on one in five, a company on one in six."""
    seller = chance.choice(_SELLERS)
    is_company = chance.random() < 1 / 6
    if is_company:
        buyer, activity = chance.choice(_COMPANIES), "Servicios"
        rut = _rut(chance.randrange(76_000_000, 99_000_000))
    else:
        buyer, activity = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}", ""
        rut = _rut(chance.randrange(5_000_000, 26_000_000))
    items = chance.sample(_ITEMS, chance.randint(1, 5))
    lines = [(sku, name, chance.randint(1, 3), price) for sku, name, price in items]
    net = sum(quantity * price for _, _, quantity, price in lines)
    tax = int((net * _VAT).quantize(Decimal(1), ROUND_HALF_UP))
    gift_card = ""
    if chance.random() < 0.2:
        card = f"GC-{chance.randrange(10**11):011d}"
        gift_card = (
            "  <cac:PaymentMeans><cbc:PaymentMeansCode>ZZZ</cbc:PaymentMeansCode><cac:CardAccount>"
            f"<cbc:PrimaryAccountNumberID>{card}</cbc:PrimaryAccountNumberID>"
            "<cbc:NetworkID>GIFT</cbc:NetworkID></cac:CardAccount></cac:PaymentMeans>\n"
        )
    promised = today + timedelta(days=chance.randint(2, 7))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2" xmlns:cac="{_CAC}" xmlns:cbc="{_CBC}">\n'
        f"  <cbc:ID>{escape(number)}</cbc:ID>\n  <cbc:IssueDate>{today.isoformat()}</cbc:IssueDate>\n"
        "  <cbc:DocumentCurrencyCode>CLP</cbc:DocumentCurrencyCode>\n"
        + _party(
            "BuyerCustomerParty",
            rut,
            buyer,
            chance.choice(_CITIES),
            activity,
            f"cliente.{number.lower()}@example.cl",
        )
        + _party("SellerSupplierParty", _rut(int(seller[0])), seller[1], seller[2], seller[3], None)
        + "  <cac:Delivery><cac:RequestedDeliveryPeriod>"
        f"<cbc:EndDate>{promised.isoformat()}</cbc:EndDate></cac:RequestedDeliveryPeriod></cac:Delivery>\n"
        + gift_card
        + f'  <cac:TaxTotal><cbc:TaxAmount currencyID="CLP">{tax}</cbc:TaxAmount></cac:TaxTotal>\n'
        "  <cac:AnticipatedMonetaryTotal>"
        f'<cbc:LineExtensionAmount currencyID="CLP">{net}</cbc:LineExtensionAmount>'
        f'<cbc:PayableAmount currencyID="CLP">{net + tax}</cbc:PayableAmount></cac:AnticipatedMonetaryTotal>\n'
        + "".join(_line(i, *line) for i, line in enumerate(lines, 1))
        + "</Order>\n"
    )


def generate(count: int, seed: int = 1, prefix: str = "CL", today: date | None = None) -> Iterator[tuple[str, str]]:
    """`count` pairs of order number and XML."""
    chance = random.Random(seed)
    for i in range(1, count + 1):
        number = f"{prefix}-{seed}-{i:06d}"
        yield number, order(number, chance, today or datetime.now(UTC).date())


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prefix", default="CL")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, content in generate(arguments.orders, arguments.seed, arguments.prefix):
        (arguments.out / f"{number}.xml").write_text(content, "utf-8")
    print(f"{arguments.orders} orders in {arguments.out}")


if __name__ == "__main__":
    main()
