"""The mails that a customer gets. They are plain text, so that no text of an order becomes HTML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mtd.domain.orders.order import Order

# One plain address: no line break, list or display name may reach a mail's header. SES takes ASCII only.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail ready to be sent."""

    to: str
    subject: str
    body: str
    #: SES's events about the mail carry them back. They hold letters, digits, _ and - only.
    tags: Mapping[str, str] = field(default_factory=dict)


def why_no_mail(order: Order) -> str | None:
    """The reason why the customer gets no mail, for the timeline; None when the order has an address that SES takes."""
    address = order.buyer.email
    if not address:
        return "none: the order has no e-mail"
    if len(address) > 254 or _ADDRESS.fullmatch(address) is None:
        return "none: the order's e-mail is not an address"
    return None


def one_line(text: str) -> str:
    """Header-safe: control characters and line breaks become spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:120]


def being_processed(order: Order, document: str) -> Mail:
    """The mail after the tax document was issued."""
    number = one_line(order.number)
    return Mail(
        to=order.buyer.email or "",
        subject=f"Your order {number} is being processed",
        body=(
            f"Hello {one_line(order.buyer.name)},\n\n"
            f"your order {number} at {one_line(order.seller.name)} is being processed.\n"
            f"Tax document: {document}.\n"
        ),
    )


def delayed_by_tax_document(order: Order) -> Mail:
    """The mail after Paperless refused the tax document: people see to it."""
    number = one_line(order.number)
    return Mail(
        to=order.buyer.email or "",
        subject=f"Your order {number} is delayed",
        body=(
            f"Hello {one_line(order.buyer.name)},\n\n"
            f"we could not issue the tax document of your order {number} at "
            f"{one_line(order.seller.name)} yet. We are working on it; you need not do anything.\n"
        ),
    )
