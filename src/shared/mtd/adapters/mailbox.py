"""The mails of PostgreSQL: claimed, then finished with their events."""

import logging
from collections.abc import Sequence

from psycopg.types.json import Jsonb

from mtd.adapters.database import Database
from mtd.domain import order as orders
from mtd.sql import load
from mtd.usecases.notify_customer import DueMail
from mtd.usecases.ports import Json

LOG = logging.getLogger(__name__)

_SQL = load("mails")
_FLOW = load("flow")


class PostgresMailBox:
    """Serves `notify_customer.MailBox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, mails: Sequence[Json]) -> list[DueMail]:
        rows = self._database.query(_SQL["claim"], {"mails": Jsonb(list(mails))})
        due, unreadable = [], []
        for row in rows:
            document = row.pop("document")
            try:
                due.append(DueMail(order=orders.from_json(document), **row))
            except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
                LOG.exception("order unreadable", extra={"order_id": str(row["order_id"])})
                reason = "the stored order is unreadable"
                unreadable.append({"mail_id": row["mail_id"], "status": "failed", "message_id": None, "reason": reason})
        if unreadable:
            self.finish(unreadable, [])
        return due

    def finish(self, results: Sequence[Json], events: Sequence[Json]) -> None:
        with self._database.transaction() as connection:
            connection.execute(_SQL["finish"], {"mails": Jsonb(list(results))})
            connection.execute(_FLOW["insert_events"], {"events": Jsonb(list(events))})
