"""Circuits in PostgreSQL, behind `breaker.Circuits` and `circuits.WatchedCircuits`."""

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.database import Connection, Database
from mtd.adapters.postgres.flow.changes import insert_outbox, write_changes
from mtd.adapters.postgres.flow.messages import token_messages
from mtd.adapters.postgres.flow.store import PostgresFlowStore, reference_rows
from mtd.domain.circuit import CallResults, Circuit, record_results
from mtd.domain.errors import NotFound
from mtd.domain.json_types import Json
from mtd.sql import load
from mtd.usecases.flow.cases import Changes, Message, Reference
from mtd.usecases.flow.circuit_breaker import CircuitUpdate, Probe
from mtd.usecases.operations.operate_circuits import ChangeRequest, WatchedCircuit, refuse

LOG = logging.getLogger(__name__)

_SQL = load(__name__)

AHEAD_SECONDS = 75
"""Of what is parked so much is released at once: longer than from one look of `tend_circuits` to the next."""
SLICE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSettings:
    """A circuit opens after `threshold` orders without an answer, is probed so often, and drains so many a second."""

    threshold: int
    probe_seconds: float
    drain_rate: float


class PostgresCircuits:
    """`work` reads what is leased, and sends the messages of what is committed."""

    def __init__(self, database: Database, work: PostgresFlowStore, settings: CircuitSettings) -> None:
        self._database = database
        self._work = work
        self._settings = settings

    def probe(self, system: str, server: str, references: Sequence[Reference], who: str, detail: Json) -> Probe | None:
        asked = {
            "system": system,
            "server": server,
            "references": reference_rows(references),
            "lease_seconds": self._work.lease_seconds,
            "probe_seconds": self._settings.probe_seconds,
        }
        with self._database.transaction() as connection:
            circuit = _locked(connection, system)
            if not circuit["open"]:
                return None
            leased: list[Any] = []
            if circuit["due"]:
                leased = connection.execute(_SQL["lease_parked"], asked).fetchall()
                leased = leased or connection.execute(_SQL["lease_first"], asked).fetchall()
            if leased:
                # Should its function die, others may try from then on.
                connection.execute(_SQL["await_probe"], asked)
            parked = connection.execute(_SQL["park_due"], asked).fetchall()
            events = [_event(row, "parked", who, detail) for row in parked]
            write_changes(connection, [Changes(events=events)])
        return Probe(cases=self._work.cases(leased), parked=len(parked))

    def record_results(self, system: str, results: CallResults, who: str) -> CircuitUpdate:
        outbox: Callable[[], list[tuple[int, Message]]] = list
        with self._database.transaction() as connection:
            row = _locked(connection, system)
            before = Circuit(open=row["open"], by_hand=row["by_hand"], failing=tuple(row["failing"]))
            after = record_results(before, results, self._settings.threshold)
            probes = after.open and not after.by_hand and (results.probing or not before.open)
            if probes or after.open != before.open:
                self._set(connection, system, after, results.why or "the system answers", who)
            elif after.failing != before.failing:
                connection.execute(_SQL["keep_failing"], {"system": system, "failing": list(after.failing)})
            if before.open and not after.open:
                _, _, outbox = self._release(connection, row, system, who)
        if after.open and not before.open:
            count(None, {"CircuitsOpen": 1})
        self._work.deliver(outbox())
        return CircuitUpdate(open=after.open, probe_in=self._settings.probe_seconds if probes else None)

    def change(self, system: str, request: ChangeRequest) -> None:
        outbox: Callable[[], list[tuple[int, Message]]] = list
        with self._database.transaction() as connection:
            row = _locked(connection, system)
            refuse(request, open_=row["open"], by_hand=row["by_hand"])
            now = Circuit(open=row["open"], by_hand=row["by_hand"], failing=tuple(row["failing"]))
            wanted = {"open": Circuit(open=True, by_hand=True), "close": Circuit(open=False, by_hand=False)}
            after = wanted.get(request.action, now)
            if after != now:
                self._set(connection, system, after, request.reason, request.person)
            if request.drain_rate is not None:
                connection.execute(_SQL["set_rate"], {"system": system, "drain_rate": request.drain_rate})
            if row["open"] and not after.open:
                rated = row | {"drain_rate": request.drain_rate or row["drain_rate"]}
                _, _, outbox = self._release(connection, rated, system, request.person)
        told = {"system": system, "action": request.action, "person": request.person, "reason": request.reason}
        LOG.warning("circuit changed by hand", extra=told)
        self._work.deliver(outbox())

    def watched(self) -> list[WatchedCircuit]:
        return [WatchedCircuit(**row) for row in self._database.query(_SQL["watched_circuits"])]

    def drain(self, system: str, who: str) -> tuple[int, bool]:
        with self._database.transaction() as connection:
            row = _locked(connection, system)
            if row["open"]:
                return 0, False
            released, more, outbox = self._release(connection, row, system, who)
        self._work.deliver(outbox())
        return released, more

    def prompt(self, system: str) -> int:
        with self._database.transaction() as connection:
            tokens = connection.execute(_SQL["parked_longest"], {"system": system}).fetchall()
            outbox = insert_outbox(connection, token_messages(tokens))
        self._work.deliver(outbox())
        return len(tokens)

    def _set(self, connection: Connection, system: str, circuit: Circuit, reason: str, who: str) -> None:
        row = {
            "system": system, "open": circuit.open, "by_hand": circuit.by_hand, "failing": list(circuit.failing),
            "reason": reason, "who": who, "probe_seconds": self._settings.probe_seconds,
        }  # fmt: skip
        connection.execute(_SQL["set_circuit"], row)

    def _release(
        self, connection: Connection, circuit: Mapping[str, Any], system: str, who: str
    ) -> tuple[int, bool, Callable[[], list[tuple[int, Message]]]]:
        rate = circuit["drain_rate"] or self._settings.drain_rate
        asked = {"system": system, "rate": rate, "ahead_seconds": AHEAD_SECONDS}
        window = connection.execute(_SQL["drain_window"], asked).fetchone()
        assert window is not None
        asked |= {"start": window["start"], "limit": min(window["turns"], SLICE)}
        rows = connection.execute(_SQL["release_parked"], asked).fetchall()
        if rows:
            connection.execute(_SQL["drained_until"], asked | {"released": float(len(rows))})
            events = [_event(row, "released", who, {"system": system}) for row in rows]
            write_changes(connection, [Changes(events=events)])
        by_delay: dict[int, list[Json]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row["due_seconds"]):
            by_delay[math.ceil(row["due_seconds"])].append(row)
        messages = [each for delay, tokens in by_delay.items() for each in token_messages(tokens, delay)]
        more = len(rows) == SLICE and window["turns"] > SLICE
        return len(rows), more, insert_outbox(connection, messages)


def _locked(connection: Connection, system: str) -> dict[str, Any]:
    row = connection.execute(_SQL["lock_circuit"], {"system": system}).fetchone()
    if row is None:
        raise NotFound(f"there is no system {system!r}", code="system_unknown")
    return row


def _event(row: Mapping[str, Any], what: str, who: str, detail: Json) -> Json:
    return {
        "order_id": str(row["order_id"]), "who": who, "source": "PostgreSQL", "what": what, "from_state": row["node"],
        "to_state": row["node"], "request_id": None, "ms": None, "detail": detail,
    }  # fmt: skip
