"""A person's note about an order, kept for ever beside what happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from mtd.domain.errors import Conflict, NotFound
from mtd.domain.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is to be written; `seller` or `order_id` say which order where several have the number."""

    number: str
    person: str
    text: str
    seller: str | None = None
    order_id: UUID | None = None


class Notes(Protocol):
    """The notes of PostgreSQL."""

    def meant(self, note: Note) -> Sequence[tuple[UUID, str]]:
        """The orders that the note may be about, with their sellers' names."""
        ...

    def write(self, order_id: UUID, person: str, text: str) -> tuple[int, datetime]:
        """The note's id, and when it was written."""
        ...


def write_note(note: Note, notes: Notes) -> Json:
    """Raises NotFound where there is no such order, Conflict (`several_orders`) where several have the number."""
    meant = notes.meant(note)
    if not meant:
        raise NotFound(f"there is no order {note.number!r}", code="order_unknown")
    if len(meant) > 1:
        sellers = ", ".join(seller for _, seller in meant)
        raise Conflict(f"several orders have that number: name the seller, one of {sellers}", code="several_orders")
    [(order_id, _)] = meant
    note_id, at = notes.write(order_id, note.person, note.text)
    return {"note_id": note_id, "order_id": str(order_id), "at": at.isoformat()}
