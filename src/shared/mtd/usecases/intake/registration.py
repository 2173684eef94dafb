"""New orders, and what becomes of them when they are registered."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order to be registered on a version of its process. Its id is made of tenant, seller, number and content."""

    order_id: UUID
    tenant: str
    order: Order
    document: Json
    process_version_id: int
    #: Where it came from: its file's address, or `api`.
    source: str
    total: Decimal | None
    #: The end that its process reached at once.
    outcome: str | None


class RegistrationStatus(StrEnum):
    """What became of a new order."""

    REGISTERED = "registered"
    DUPLICATE = "duplicate"
    """The same content was registered before."""
    CONFLICT = "conflict"
    """Another order of the seller has the number: it is registered beside that as an exception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What became of a new order; `with_order` has its number where that is a conflict."""

    order_id: UUID
    status: RegistrationStatus
    with_order: UUID | None = None
