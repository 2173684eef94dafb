"""Tax documents and their differences in PostgreSQL, behind `reconcile_dte.Documents`."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.domain.json_types import Json
from mtd.domain.tax.reconciliation import Difference, Forecast, Issued
from mtd.sql import load

_SQL = load(__name__)


class PostgresDocuments:
    """A reconciliation is stored in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def today(self, zone: str) -> date:
        day: date = self._database.query(_SQL["today"], {"zone": zone})[0]["today"]
        return day

    def issued(self, day: date, zone: str, keys: Sequence[str]) -> list[Issued]:
        ids = [order_id for key in keys if (order_id := _order_id(key)) is not None]
        asked = {"day": day, "zone": zone, "keys": list(keys), "order_ids": ids}
        return [Issued(**row) for row in self._database.query(_SQL["issued"], asked)]

    def per_day(self, days: int) -> dict[tuple[str | None, int], float]:
        rows = self._database.query(_SQL["per_day"], {"days": days})
        return {(row["issuer"], row["document_type"]): row["per_day"] for row in rows}

    def store(self, day: date, counts: Json, found: Sequence[Difference], folios: Sequence[Forecast]) -> None:
        rows = Jsonb(
            [
                {
                    "kind": each.kind,
                    "key": each.key,
                    "order_id": _order_id(each.key),
                    "ours": _side(each.ours),
                    "theirs": _side(each.theirs),
                }
                for each in found
            ]
        )
        row = {"day": day, "differences": len(found), "folios": Jsonb([_lasting(each) for each in folios]), **counts}
        with self._database.transaction() as connection:
            connection.execute(_SQL["store_reconciliation"], row)
            connection.execute(_SQL["forget_differences"], {"day": day, "found": rows})
            connection.execute(_SQL["store_differences"], {"day": day, "found": rows})

    def resolve(self, difference_id: int, person: str, note: str) -> bool:
        """Close a difference that a person has seen to. Returns whether there was an open one with that number."""
        resolved = {"difference_id": difference_id, "person": person, "note": note}
        return bool(self._database.query(_SQL["resolve_difference"], resolved))


def _order_id(key: str) -> str | None:
    """The order of an idempotency key; None for a key that MTD did not make."""
    try:
        return str(UUID(key.partition(":")[0]))
    except ValueError:
        return None


def _side(issued: Issued | None) -> Any:
    if issued is None:
        return None
    amount = None if issued.amount is None else str(issued.amount)
    return {"document_type": issued.document_type, "folio": issued.folio, "amount": amount}


def _lasting(each: Forecast) -> Json:
    return {
        "issuer": each.issuer,
        "document_type": each.document_type,
        "left": each.left,
        "per_day": each.per_day,
        "expires_on": each.expires_on and each.expires_on.isoformat(),
        "lasts_days": each.lasts_days,
    }
