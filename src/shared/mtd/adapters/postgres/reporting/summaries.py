"""The figures in PostgreSQL behind `summarise_orders.Summaries`."""

from datetime import timedelta

from mtd.adapters.postgres.database import Database
from mtd.sql import load

_SQL = load(__name__)


class PostgresSummaries:
    """Serves `summarise_orders.Summaries`. It locks the mark first, so that two runs follow each other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_page(self, zone: str, horizon_seconds: int, limit: int) -> int:
        with self._database.transaction() as connection:
            mark = connection.execute(_SQL["mark"]).fetchone()
            assert mark is not None
            page = {"after": mark["event_id"], "horizon_seconds": horizon_seconds, "limit": limit}
            upto = connection.execute(_SQL["upto"], page).fetchone()
            if upto is None or upto["event_id"] is None:
                return 0
            span = {"after": mark["event_id"], "upto": upto["event_id"], "zone": zone}
            hours = [row["since"] for row in connection.execute(_SQL["touched_hours"], span).fetchall()]
            connection.execute(_SQL["add_states"], span)
            connection.execute(_SQL["add_remaining"], span)
            if hours:
                connection.execute(_SQL["forget_hours"], {"hours": hours})
                connection.execute(_SQL["count_hours"], {"hours": hours, "zone": zone})
                rows = connection.execute(_SQL["days_of"], {"hours": hours, "zone": zone}).fetchall()
                days = [row["day"] for row in rows]
                connection.execute(_SQL["forget_days"], {"days": days})
                # A day has 23 to 25 hours.
                around = {"first": min(days), "last": max(days) + timedelta(hours=26)}
                connection.execute(_SQL["count_days"], {"days": days, "zone": zone, **around})
            connection.execute(_SQL["count_causes"], {"from": mark["at"], "zone": zone})
            connection.execute(_SQL["set_mark"], {"upto": upto["event_id"], "at": upto["at"]})
        counted: int = upto["event_id"] - mark["event_id"]
        return counted

    def foretell(self) -> None:
        self._database.query(_SQL["foretell"])
