"""Circuits in PostgreSQL, behind `circuit_breaker.Circuits` and `operate_circuits.WatchedCircuits`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.store import Commit, PostgresFlowStore, lease_result, reference_rows
from mtd.domain.circuit import Circuit, CircuitState, WatchedCircuit
from mtd.domain.errors import NotFound
from mtd.sql import load
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.circuit_breaker import ParkedOrder
from mtd.usecases.flow.tokens import LeaseResult, TokenReference

_SQL = load(__name__)


class PostgresCircuits:
    """`store` commits and sends the messages."""

    def __init__(self, database: Database, store: PostgresFlowStore) -> None:
        self._database = database
        self._store = store

    @contextmanager
    def locked(self, system: str) -> Iterator["PostgresLockedCircuit"]:
        with self._store.committing() as commit:
            row = commit.connection.execute(_SQL["lock_circuit"], {"system": system}).fetchone()
            if row is None:
                raise NotFound(
                    f"there is no legacy system {system!r}: name one of gift_card, eom, paperless, sales_support",
                    code="system_unknown",
                )
            locked = PostgresLockedCircuit(commit, system, row, self._store.lease_seconds)
            yield locked
        if locked.opened:
            count(None, {"CircuitsOpen": 1})

    def add(self, circuit: str) -> None:
        self._database.query(_SQL["add_circuit"], {"system": circuit})

    def watched(self) -> list[WatchedCircuit]:
        return [WatchedCircuit(**row) for row in self._database.query(_SQL["watched_circuits"])]


class PostgresLockedCircuit:
    """Serves `circuit_breaker.LockedCircuit`."""

    def __init__(self, commit: Commit, system: str, row: Mapping[str, Any], lease_seconds: float) -> None:
        self._commit = commit
        self._system = system
        self._lease_seconds = lease_seconds
        self.circuit = Circuit(open=row["open"], by_hand=row["by_hand"], failing=tuple(row["failing"]))
        self.probe_due: bool = row["due"]
        self.drain_rate: float | None = row["drain_rate"]
        #: Whether unanswered orders opened the circuit. The metric counts that after the commit.
        self.opened = False

    def lease_probe(self, server: str, references: Sequence[TokenReference], probe_seconds: float) -> LeaseResult:
        asked = {**self._asked(server, references), "probe_seconds": probe_seconds}
        rows = self._fetch("lease_parked", asked) or self._fetch("lease_first", asked)
        if rows:
            self._execute("await_probe", asked)
        return lease_result(rows, CircuitState.OPEN)

    def park_due(self, server: str, references: Sequence[TokenReference]) -> list[ParkedOrder]:
        return [ParkedOrder(**row) for row in self._fetch("park_due", self._asked(server, references))]

    def set(self, circuit: Circuit, reason: str, who: str, probe_seconds: float | None) -> None:
        self.opened = circuit.open and not self.circuit.open and not circuit.by_hand
        row = {
            "open": circuit.open,
            "by_hand": circuit.by_hand,
            "failing": list(circuit.failing),
            "reason": reason,
            "who": who,
            "probe_seconds": probe_seconds,
        }
        self._execute("set_circuit", row)

    def keep_failing(self, failing: Sequence[UUID]) -> None:
        self._execute("keep_failing", {"failing": list(failing)})

    def set_drain_rate(self, rate: float) -> None:
        self._execute("set_rate", {"drain_rate": rate})

    def release_parked(self, rate: float, ahead_seconds: int, most: int) -> tuple[list[ParkedOrder], bool]:
        asked = {"rate": rate, "ahead_seconds": ahead_seconds}
        [window] = self._fetch("drain_window", asked)
        asked |= {"start": window["start"], "limit": min(window["turns"], most)}
        rows = self._fetch("release_parked", asked)
        if rows:
            self._execute("drained_until", asked | {"released": float(len(rows))})
        return [ParkedOrder(**row) for row in rows], len(rows) == most and window["turns"] > most

    def longest_parked(self) -> list[TokenReference]:
        return [TokenReference(**row) for row in self._fetch("parked_longest", {})]

    def write(self, changes: Changes) -> None:
        self._commit.changes.append(changes)

    def _asked(self, server: str, references: Sequence[TokenReference]) -> dict[str, Any]:
        return {"server": server, "references": reference_rows(references), "lease_seconds": self._lease_seconds}

    def _fetch(self, query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return self._commit.connection.execute(_SQL[query], {"system": self._system, **parameters}).fetchall()

    def _execute(self, query: str, parameters: Mapping[str, Any]) -> None:
        self._commit.connection.execute(_SQL[query], {"system": self._system, **parameters})
