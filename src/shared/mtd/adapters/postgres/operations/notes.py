"""Notes about orders in PostgreSQL, behind `write_note.Notes`."""

from datetime import datetime
from uuid import UUID

from mtd.adapters.postgres.database import Database
from mtd.sql import load
from mtd.usecases.operations.write_note import Note

_SQL = load(__name__)


class PostgresNotes:
    """A note is one row, and is never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def meant(self, note: Note) -> list[tuple[UUID, str]]:
        asked = {"number": note.number, "seller": note.seller, "order_id": note.order_id}
        return [(row["order_id"], row["seller_name"]) for row in self._database.query(_SQL["noted_orders"], asked)]

    def write(self, order_id: UUID, person: str, text: str) -> tuple[int, datetime]:
        [row] = self._database.query(_SQL["insert_note"], {"order_id": order_id, "person": person, "text": text})
        return row["note_id"], row["at"]
