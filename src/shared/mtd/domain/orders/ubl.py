"""From a UBL 2.1 Order document to an Order. An order may leave out all that is optional in UBL."""

from datetime import date
from decimal import Decimal

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import check, money, xml
from mtd.domain.orders.order import Adjustment, Order, OrderLine, Party, Totals
from mtd.domain.orders.ubl_node import UblNode
from mtd.domain.tax import rut

_ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2}Order"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_ENVELOPE = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
_GIFT_CARD_NETWORK = "GIFT"
_DOCUMENT_TYPES = {"33": 33, "34": 34, "39": 39, "41": 41, "110": 110}
_STANDARD_RATE = "S"


def parse_order(content: bytes) -> Order:
    """Read an order file.

    Raises RejectedOrder whose code names the reason: `wrong_root`, `no_lines`, `field_missing`,
    `quantity_not_positive`, `currency_unknown`, `rut_check_digit`, and those of `xml.parse`.
    """
    root = _without_envelope(xml.parse(content))
    if root.tag != _ORDER:
        raise RejectedOrder(f"{_told(root.tag)}; the inbox takes a UBL 2.1 Order", code="wrong_root")
    node = UblNode(root)
    if node.find("OrderLine/LineItem") is None:
        raise RejectedOrder("the order has no lines", code="no_lines")
    currency = _currency(node)
    lines = tuple(_line(line, currency) for order_line in node.all("OrderLine") for line in order_line.all("LineItem"))
    if len(lines) > check.MAXIMUM_LINES:
        raise RejectedOrder(f"the order has {len(lines)} lines; {check.MAXIMUM_LINES} at most", code="too_many_lines")
    adjustments = _adjustments(node, currency)
    return Order(
        number=check.identifier(_required(node, "ID"), "the order number", "number_malformed"),
        issued_on=node.date("IssueDate") or _missing("IssueDate"),
        currency=currency,
        seller=_party(node, "SellerSupplierParty"),
        buyer=_party(node, "BuyerCustomerParty"),
        lines=lines,
        totals=_totals(node, currency),
        adjustment=_total(adjustments),
        adjustments=adjustments,
        gift_card=_gift_card(node),
        promised_on=_promised_on(node),
        requested_document=_DOCUMENT_TYPES.get(node.text("OrderTypeCode") or ""),
    )


def _without_envelope(root: xml.Element) -> xml.Element:
    """The business document in a Standard Business Document Header's envelope, as PEPPOL's networks deliver it.

    Source: UN/CEFACT, Standard Business Document Header 1.3; OpenPEPPOL, Business Message Envelope.
    """
    if root.tag != f"{_ENVELOPE}}}StandardBusinessDocument":
        return root
    return next((each for each in root.children if not each.tag.startswith(_ENVELOPE)), root)


def _told(tag: str) -> str:
    """The kind of document that the root's tag says, in words."""
    namespace, _, name = tag.rpartition("}")
    if namespace.startswith(_UBL):
        return f"this is a UBL {name[:60]}"
    return f"this is {name[:60]!r} of {namespace[:120]}" if namespace else f"this is {name[:60]!r}, without a namespace"


def _missing(path: str) -> date:
    raise RejectedOrder(f"{path} is missing", code="field_missing")


def _required(node: UblNode, path: str) -> str:
    return node.text(path) or str(_missing(path))


def _currency(node: UblNode) -> str:
    """DocumentCurrencyCode, else the currency of the order's first amount."""
    code = node.text("DocumentCurrencyCode")
    if code is None:
        price = node.find("OrderLine/LineItem/Price")
        amounts = list(price.basics("PriceAmount")) if price else []
        code = amounts[0].attributes.get("currencyID", "") if amounts else ""
    money.minor_digits(code)
    return code


def _line(node: UblNode, currency: str) -> OrderLine:
    identifier = _required(node, "ID")
    quantity = node.decimal("Quantity")
    if quantity is None or quantity <= 0:
        raise RejectedOrder(f"line {identifier}: the quantity must be above zero", code="quantity_not_positive")
    base = node.decimal("Price/BaseQuantity") or Decimal(1)
    price = node.amount("Price/PriceAmount", currency) or Decimal(0)
    if base < 0 or price < 0:
        raise RejectedOrder(f"line {identifier}: the price must not be negative", code="price_negative")
    adjustments = _adjustments(node, currency)
    unit = next((basic.attributes.get("unitCode", "") for basic in node.basics("Quantity")), "")
    return OrderLine(
        id=identifier,
        sku=node.text("Item/SellersItemIdentification/ID")
        or node.text("Item/StandardItemIdentification/ID")
        or node.text("Item/BuyersItemIdentification/ID")
        or "",
        name=node.text("Item/Name") or node.text("Item/Description") or "",
        quantity=quantity,
        unit=unit,
        price=price,
        base_quantity=base,
        adjustment=_total(adjustments),
        adjustments=adjustments,
        amount=node.amount("LineExtensionAmount", currency),
        tax_percent=node.decimal("Item/ClassifiedTaxCategory/Percent"),
        tax_category=_category(node, "Item/ClassifiedTaxCategory"),
    )


def _category(node: UblNode, path: str) -> str | None:
    """The tax category's code; None for the standard rate's, as an earlier release read no category."""
    code = (node.text(f"{path}/ID") or _STANDARD_RATE).upper()
    return None if code == _STANDARD_RATE else code[:20]


def _adjustments(node: UblNode, currency: str) -> tuple[Adjustment, ...]:
    return tuple(_adjustment(item, currency) for item in node.all("AllowanceCharge"))


def _adjustment(item: UblNode, currency: str) -> Adjustment:
    amount = item.amount("Amount", currency)
    if amount is None:
        raise RejectedOrder("an AllowanceCharge has no Amount", code="field_missing")
    return Adjustment(
        amount=amount if item.text("ChargeIndicator") in ("true", "1") else -amount,
        reason=item.text("AllowanceChargeReason"),
        tax_category=_category(item, "TaxCategory"),
    )


def _total(adjustments: tuple[Adjustment, ...]) -> Decimal:
    return sum((each.amount for each in adjustments), Decimal(0))


def _totals(node: UblNode, currency: str) -> Totals:
    totals = node.find("AnticipatedMonetaryTotal")

    def read(name: str) -> Decimal | None:
        return totals.amount(name, currency) if totals else None

    return Totals(
        lines=read("LineExtensionAmount"),
        tax_exclusive=read("TaxExclusiveAmount"),
        tax=_tax(node, currency),
        tax_inclusive=read("TaxInclusiveAmount"),
        prepaid=read("PrepaidAmount"),
        rounding=read("PayableRoundingAmount"),
        payable=read("PayableAmount"),
    )


def _tax(node: UblNode, currency: str) -> Decimal | None:
    """The sum of the taxes in the order's currency. A total in another currency repeats the tax for accounting."""
    amounts = [
        money.parse_decimal(basic.text, "TaxTotal/TaxAmount")
        for total in node.all("TaxTotal")
        for basic in total.basics("TaxAmount")
        if basic.text and basic.attributes.get("currencyID", currency) == currency
    ]
    return sum(amounts, Decimal(0)) if amounts else None


def _party(order: UblNode, role: str) -> Party:
    party = order.find(f"{role}/Party")
    if party is None:
        raise RejectedOrder(f"{role} is missing", code="field_missing")
    number = _rut(party)
    identifier = (
        number
        or party.text("PartyIdentification/ID")
        or party.text("PartyLegalEntity/CompanyID")
        or next((basic.text for basic in party.basics("EndpointID") if basic.text), None)
    )
    name = party.text("PartyLegalEntity/RegistrationName") or party.text("PartyName/Name")
    if not identifier and not name:
        raise RejectedOrder(f"{role} has neither an identifier nor a name", code="field_missing")
    # A name stands in where there is no identifier.
    return Party(
        id=check.identifier(identifier or (name or "")[: check.LONGEST_IDENTIFIER], f"the identifier of {role}"),
        name=party.text("PartyName/Name") or name or identifier or "",
        rut=number,
        email=party.text("Contact/ElectronicMail"),
        city=party.text("PostalAddress/CityName"),
        country=party.text("PostalAddress/Country/IdentificationCode"),
        activity=party.text("IndustryClassificationCode"),
        address=_address(party),
        district=party.text("PostalAddress/CitySubdivisionName") or party.text("PostalAddress/District"),
    )


def _address(party: UblNode) -> str | None:
    parts = (party.text(f"PostalAddress/{name}") for name in ("StreetName", "BuildingNumber"))
    return " ".join(part for part in parts if part) or None


def _rut(party: UblNode) -> str | None:
    """The party's RUT: an identifier whose scheme is RUT or CL:RUT."""
    holders = [
        party,
        *party.all("PartyIdentification"),
        *party.all("PartyLegalEntity"),
        *party.all("PartyTaxScheme"),
    ]
    for holder in holders:
        for name in ("EndpointID", "ID", "CompanyID"):
            for basic in holder.basics(name):
                if basic.text and basic.attributes.get("schemeID", "").upper() in ("RUT", "CL:RUT"):
                    return rut.normalise(basic.text)
    return None


def _gift_card(node: UblNode) -> str | None:
    cards = [
        means.text("CardAccount/PrimaryAccountNumberID")
        for means in node.all("PaymentMeans")
        if (means.text("CardAccount/NetworkID") or "").upper() == _GIFT_CARD_NETWORK
    ]
    if None in cards:
        raise RejectedOrder("the gift card has no PrimaryAccountNumberID", code="field_missing")
    if len(set(cards)) > 1:
        raise RejectedOrder("the order pays with more than one gift card", code="gift_cards_several")
    return cards[0] if cards else None


def _promised_on(node: UblNode) -> date | None:
    period = "Delivery/RequestedDeliveryPeriod"
    return (
        node.date("Delivery/PromisedDeliveryPeriod/EndDate")
        or node.date(f"{period}/EndDate")
        or node.date(f"{period}/StartDate")
    )
