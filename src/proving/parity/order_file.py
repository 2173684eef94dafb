"""Small orders in UBL 2.1 for tests and scenarios."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

_ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """The fields of an order; by default two lines of 2 x 5,000 and 1 x 10,000 CLP with 19 % VAT."""

    number: str
    buyer_rut: str | None = "12345678-5"
    buyer_name: str = "Ana Rojas"
    mail: str | None = "ana@example.cl"
    seller_id: str = "76123456-0"
    currency: str = "CLP"
    gift_card: str | None = None
    payable: str | None = "23800"
    tax: str | None = "3800"
    lines: tuple[tuple[str, str, str], ...] = field(default=(("SKU-1", "2", "5000"), ("SKU-2", "1", "10000")))
    item_name: str = "Silla"
    extra: str = ""

    def xml(self) -> str:
        """The document."""
        rut = f'<cac:PartyIdentification><cbc:ID schemeID="CL:RUT">{self.buyer_rut}</cbc:ID></cac:PartyIdentification>'
        contact = f"<cac:Contact><cbc:ElectronicMail>{self.mail}</cbc:ElectronicMail></cac:Contact>"
        card = (
            "<cac:PaymentMeans><cbc:PaymentMeansCode>ZZZ</cbc:PaymentMeansCode><cac:CardAccount>"
            f"<cbc:PrimaryAccountNumberID>{self.gift_card}</cbc:PrimaryAccountNumberID>"
            "<cbc:NetworkID>GIFT</cbc:NetworkID></cac:CardAccount></cac:PaymentMeans>"
        )
        tax = f'<cac:TaxTotal><cbc:TaxAmount currencyID="{self.currency}">{self.tax}</cbc:TaxAmount></cac:TaxTotal>'
        total = (
            f'<cac:AnticipatedMonetaryTotal><cbc:PayableAmount currencyID="{self.currency}">{self.payable}'
            "</cbc:PayableAmount></cac:AnticipatedMonetaryTotal>"
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<Order xmlns="{_ORDER}" xmlns:cac="{_CAC}" xmlns:cbc="{_CBC}">'
            f"<cbc:ID>{escape(self.number)}</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate>{self.extra}"
            f"<cbc:DocumentCurrencyCode>{self.currency}</cbc:DocumentCurrencyCode>"
            "<cac:BuyerCustomerParty><cac:Party>"
            + (rut if self.buyer_rut else "")
            + f"<cac:PartyName><cbc:Name>{escape(self.buyer_name)}</cbc:Name></cac:PartyName>"
            + (contact if self.mail else "")
            + "</cac:Party></cac:BuyerCustomerParty><cac:SellerSupplierParty><cac:Party><cac:PartyIdentification>"
            f"<cbc:ID>{self.seller_id}</cbc:ID></cac:PartyIdentification><cac:PartyName><cbc:Name>Tienda</cbc:Name>"
            "</cac:PartyName></cac:Party></cac:SellerSupplierParty>"
            + (card if self.gift_card else "")
            + (tax if self.tax else "")
            + (total if self.payable else "")
            + "".join(self._line(i, *line) for i, line in enumerate(self.lines, 1))
            + "</Order>"
        )

    def _line(self, number: int, sku: str, quantity: str, price: str) -> str:
        return (
            f'<cac:OrderLine><cac:LineItem><cbc:ID>{number}</cbc:ID><cbc:Quantity unitCode="EA">{quantity}'
            f'</cbc:Quantity><cac:Price><cbc:PriceAmount currencyID="{self.currency}">{price}</cbc:PriceAmount>'
            f"</cac:Price><cac:Item><cbc:Name>{escape(self.item_name)}</cbc:Name><cac:SellersItemIdentification>"
            f"<cbc:ID>{sku}</cbc:ID></cac:SellersItemIdentification><cac:ClassifiedTaxCategory>"
            "<cbc:Percent>19</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item></cac:LineItem></cac:OrderLine>"
        )
