"""Messages and signals in PostgreSQL, within a caller's transaction, and behind `send_message.Messages`."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Connection, Database
from mtd.engine.model.tokens import Waits
from mtd.sql import load
from mtd.usecases.flow.tokens import CurrentToken
from mtd.usecases.messages.message import Admission, EarlyMessage, MessageKind, SentMessage

_SQL = load(__name__)


class PostgresKeptMessages:
    """Serves `ports.KeptMessages`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def admit(self, message: SentMessage) -> Admission:
        asked = {
            "kind": message.kind.value,
            "name": message.name,
            "id": message.id,
            "number": message.number,
            "seller": message.seller,
            "rule": message.rule,
            "data": Jsonb(message.values),
            "expires_at": message.expires_at,
        }
        if (row := self._connection.execute(_SQL["admit"], asked).fetchone()) is not None:
            return Admission(message_id=row["message_id"], expires_at=row["expires_at"])
        row = self._connection.execute(_SQL["admitted"], asked).fetchone()
        assert row is not None
        return _duplicate(row)

    def early(self, order_id: UUID, name: str) -> list[EarlyMessage]:
        rows = self._connection.execute(_SQL["early"], {"order_id": order_id, "name": name}).fetchall()
        return [
            EarlyMessage(
                message_id=row["message_id"],
                message=SentMessage(
                    kind=MessageKind.MESSAGE,
                    name=name,
                    values=row["data"],
                    id=row["id"],
                    number=row["number"],
                    seller=row["seller_id"],
                    rule=row["rule"],
                    expires_at=row["expires_at"],
                ),
            )
            for row in rows
        ]

    def settle(self, message_id: int, taken_by: Sequence[str]) -> None:
        self._connection.execute(_SQL["settle"], {"message_id": message_id, "taken_by": list(taken_by)})


class PostgresMessages:
    """Serves `send_message.Messages`, and the relay."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listening(self, message: SentMessage) -> list[CurrentToken]:
        asked = {
            "waits": message.kind.value,
            "name": message.name,
            "number": message.number,
            "seller": message.seller,
        }
        rows = self._database.query(_SQL["listening"], asked)
        return [CurrentToken(**{**row, "waits": Waits(row["waits"])}, outcome_unknown=False) for row in rows]

    def known(self, message: SentMessage) -> Admission | None:
        asked = {"kind": message.kind.value, "name": message.name, "id": message.id, "number": message.number}
        rows = self._database.query(_SQL["admitted"], asked)
        return _duplicate(rows[0]) if rows else None

    def versions_of(self, number: str, seller: str | None) -> list[int] | None:
        rows = self._database.query(_SQL["versions_of"], {"number": number, "seller": seller})
        return [row["process_version_id"] for row in rows if row["lives"]] if rows else None


def _duplicate(row: Mapping[str, Any]) -> Admission:
    return Admission(
        message_id=row["message_id"],
        is_duplicate=True,
        taken_by=tuple(row["taken_by"]),
        expires_at=row["expires_at"],
    )
