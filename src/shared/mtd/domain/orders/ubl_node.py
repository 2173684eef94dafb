"""Reading UBL's elements by their local names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mtd.domain.errors import RejectedOrder
from mtd.domain.orders import money, xml

_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
# XML Schema's date: the day as written counts, whatever its time zone.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?")


@dataclass(frozen=True, slots=True)
class UblNode:
    """An element read by UBL's local names: 'Party/Contact' are aggregates, a basic component is the path's last."""

    element: xml.Element

    def all(self, name: str) -> Iterator["UblNode"]:
        """The aggregates of that name."""
        tag = _CAC + name
        return (UblNode(child) for child in self.element.children if child.tag == tag)

    def find(self, path: str) -> "UblNode | None":
        """The first aggregate at the path."""
        node: UblNode | None = self
        for name in path.split("/"):
            node = next(node.all(name), None) if node else None
        return node

    def basics(self, name: str) -> Iterator[xml.Element]:
        """The basic components of that name."""
        tag = _CBC + name
        return (child for child in self.element.children if child.tag == tag)

    def text(self, path: str) -> str | None:
        """The first non-empty basic component at the path, every branch tried in order."""
        head, _, rest = path.partition("/")
        if not rest:
            return next((basic.text for basic in self.basics(head) if basic.text), None)
        return next((found for node in self.all(head) if (found := node.text(rest))), None)

    def decimal(self, path: str) -> Decimal | None:
        """The number at the path. Raises RejectedOrder."""
        text = self.text(path)
        return None if text is None else money.parse_decimal(text, path)

    def amount(self, path: str, currency: str) -> Decimal | None:
        """The amount at the path. Raises RejectedOrder with code `currency_mixed` for one in another currency."""
        *steps, name = path.split("/")
        node = self.find("/".join(steps)) if steps else self
        basic = next((basic for basic in node.basics(name) if basic.text), None) if node else None
        if basic is None:
            return None
        given = basic.attributes.get("currencyID", currency)
        if given != currency:
            raise RejectedOrder(
                f"{path} is in {given[:10]!r}, but the order is in {currency}: use one currency", code="currency_mixed"
            )
        return money.parse_decimal(basic.text, path)

    def date(self, path: str) -> date | None:
        """The day at the path. Raises RejectedOrder with code `date_malformed`."""
        text = self.text(path)
        if text is None:
            return None
        try:
            if _DATE.fullmatch(text) is None:
                raise ValueError
            return date.fromisoformat(text[:10])
        except ValueError:
            raise RejectedOrder(f"{path} is not a date: {text[:40]!r}", code="date_malformed") from None
