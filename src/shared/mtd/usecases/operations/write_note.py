"""A person's note about an order. PostgreSQL keeps it for ever beside the order's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from mtd.domain.errors import Conflict, NotFound
from mtd.domain.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note that a person asks to write."""

    number: str
    person: str
    text: str
    #: Names the order where several have the number; so does `order_id`.
    seller: str | None = None
    order_id: UUID | None = None


class Notes(Protocol):
    """The notes of PostgreSQL."""

    def meant(self, note: Note) -> Sequence[tuple[UUID, str]]:
        """The orders that fit the note, with their sellers' names."""
        ...

    def write(self, order_id: UUID, person: str, text: str) -> tuple[int, datetime]:
        """Write the note. Returns its id and its moment."""
        ...


def write_note(note: Note, notes: Notes) -> Json:
    """Write the note. Raises NotFound for an unknown order, Conflict `several_orders` when several have its number."""
    meant = notes.meant(note)
    if not meant:
        raise NotFound(f"there is no order {note.number!r}", code="order_unknown")
    if len(meant) > 1:
        sellers = ", ".join(seller for _, seller in meant)
        raise Conflict(f"several orders have that number: name the seller, one of {sellers}", code="several_orders")
    [(order_id, _)] = meant
    note_id, at = notes.write(order_id, note.person, note.text)
    return {"note_id": note_id, "order_id": str(order_id), "at": at.isoformat()}
