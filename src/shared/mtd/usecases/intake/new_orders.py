"""New orders, and the results of their registration."""

from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class StartableProcess:
    """A version of a process on which orders may start, and the time zone of its tenant."""

    version_id: int
    plan: Plan
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order to be registered on a version of its process. Its id derives from tenant, seller, number and content."""

    order_id: UUID
    tenant: str
    order: Order
    document: Json
    process_version_id: int
    #: The address of its file, or `api`.
    source: str
    total: Decimal | None
    #: The end, where its process reaches one at once.
    outcome: str | None
    #: Why it is an exception from the first, where it is one.
    reason: str | None = None


class RegistrationStatus(StrEnum):
    """The result of a new order's registration."""

    REGISTERED = "registered"
    #: The same content was registered before.
    DUPLICATE = "duplicate"
    #: Another order of the seller has the number. The new order is registered as an exception.
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The registration of a new order."""

    order_id: UUID
    status: RegistrationStatus
    #: The order that has its number, where that is a conflict.
    with_order: UUID | None = None
