"""The relay's view of PostgreSQL."""

from collections.abc import Callable, Sequence

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.changes import mail_messages, token_messages
from mtd.sql import load
from mtd.usecases.flow.changes import Message

_SQL = load(__name__)


class PostgresOutbox:
    """Serves `relay_outbox.Outbox`."""

    def __init__(self, database: Database, send: Callable[[Sequence[Message]], None]) -> None:
        self._database = database
        self._send = send

    def resend_unsent(self, older_than_seconds: int, limit: int) -> int:
        parameters = {"older_than_seconds": older_than_seconds, "limit": limit}
        with self._database.transaction() as connection:
            rows = connection.execute(_SQL["unsent"], parameters).fetchall()
            # The send is inside of the transaction, so that a failed send keeps the rows.
            self._send(
                [Message(destination=r["destination"], body=r["body"], delay_seconds=r["delay_seconds"]) for r in rows]
            )
        return len(rows)

    def forgotten(self, forgotten_seconds: int, limit: int | None) -> list[Message]:
        parameters = {"forgotten_seconds": forgotten_seconds, "limit": limit}
        with self._database.transaction() as connection:
            tokens = connection.execute(_SQL["forgotten_tokens"], parameters).fetchall()
            operations = connection.execute(_SQL["forgotten_operations"]).fetchall()
            mails = connection.execute(_SQL["forgotten_mails"], parameters).fetchall()
            connection.execute(_SQL["expire_messages"])
            untold = connection.execute(_SQL["untold_tasks"]).fetchall()
            awaited = connection.execute(_SQL["awaited_messages"]).fetchall()
        return [
            *token_messages([(token["token_id"], token["version"]) for token in [*tokens, *awaited]]),
            *mail_messages([(mail["order_id"], mail["kind"]) for mail in mails]),
            *(Message(destination="operations", body=each) for each in operations),
            *(Message(destination="notifications", body={"mails": [], "tasks": True}) for _ in untold),
        ]

    def send(self, messages: list[Message]) -> None:
        self._send(messages)
