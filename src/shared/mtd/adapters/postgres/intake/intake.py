"""Rows of rejected files and waiting messages, which are no orders yet."""

from collections.abc import Sequence
from dataclasses import asdict

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.sql import load
from mtd.usecases.intake.rejected_files import RejectedFile
from mtd.usecases.intake.waiting_order import WaitingOrder

_SQL = load(__name__)


class PostgresRejections:
    """Serves `receive_order.Rejections`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, files: Sequence[RejectedFile]) -> None:
        self._database.query(_SQL["insert_rejections"], {"rejections": Jsonb([asdict(file) for file in files])})


class PostgresWaiting:
    """Serves `push_waiting.WaitingRows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, orders: Sequence[WaitingOrder]) -> None:
        self._database.query(_SQL["record_waiting"], {"waiting": Jsonb([asdict(order) for order in orders])})

    def reasons(self) -> dict[str, str]:
        rows = self._database.query(_SQL["waiting_reasons"])
        return {row["message_id"]: row["reason"] for row in rows}

    def close_gone(self, there: Sequence[str]) -> None:
        self._database.query(_SQL["close_gone"], {"there": list(there)})

    def mark_pushed(self, message_ids: Sequence[str]) -> None:
        self._database.query(_SQL["mark_pushed"], {"message_ids": list(message_ids)})
