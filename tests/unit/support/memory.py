"""One order in memory, with the rules of flow.sql and operations.sql: leases, versions, fences, ends."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.unit.support.fakes import PLAN

from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order, to_json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, Waits, token_from_json
from mtd.usecases.flow.cases import Changes, CurrentToken, LeasedToken, LeaseResult, LockedOrder, Reference, TokenRow
from mtd.usecases.operations.order_actions import Decision, OpenIncident, OrderUnderAction

NOW = datetime(2026, 9, 18, tzinfo=UTC)


@dataclass(slots=True)
class Row:
    """A token's row."""

    token: Token
    version: int = 1
    attempts: int = 0
    leased: bool = False
    server: str = ""
    data: Json = field(default_factory=dict)
    stopped: bool = False
    """Its lease has run out: the try was cut off."""


class MemoryOrder:
    """Serves of `ports.Work` what functions use, and what operations read and write; its process is the seed's."""

    def __init__(self, order: Order, plan: Plan = PLAN) -> None:
        self.order, self.plan = order, plan
        self.rows: dict[int, Row] = {}
        self.outcome: str | None = None
        self.suspended = self.operated = False
        self.revision = 1
        self.values: Json = {}
        self.events: list[Json] = []
        self.documents: list[Json] = []
        self.incidents: list[Json] = []
        self._ids = itertools.count(1)

    # As `ports.Work`

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]:
        return dict.fromkeys(ids, self.plan)

    def lease(self, server: str, references: Sequence[Reference], system: str | None = None) -> LeaseResult:
        del system
        cases = []
        for reference in references:
            row = self.rows.get(reference.token_id)
            if row is None or row.version != reference.version or row.token.waits is not Waits.SERVICE:
                continue
            if (row.server or row.token.node) != server or self.suspended or row.leased:
                continue
            outcome_unknown, row.leased, row.stopped, row.attempts = row.stopped, True, False, row.attempts + 1
            cases.append(self._case(reference.token_id, row, outcome_unknown or self.operated))
        return LeaseResult(cases=cases)

    def _case(self, token_id: int, row: Row, outcome_unknown: bool) -> LeasedToken:
        return LeasedToken(
            token_id=token_id,
            version=row.version,
            node=row.token.node,
            attempts=row.attempts,
            data=row.data,
            entered_at=NOW,
            outcome_unknown=outcome_unknown,
            order_id=self.order.order_id,
            order=self.order,
            process_version_id=1,
        )

    def commit[T: (LeasedToken, CurrentToken)](
        self, cases: Sequence[T], decide: Callable[[T, LockedOrder], Changes], *, orders: bool = False
    ) -> None:
        for case in cases:
            row = self.rows.get(case.token_id)
            if row is not None and (row.version, row.attempts) == (case.version, case.attempts):
                self.write(decide(case, self.held(orders)))

    def held(self, orders: bool = True) -> LockedOrder:
        standing = {
            row.token.id: TokenRow(token_id=token_id, version=row.version, token=row.token)
            for token_id, row in self.rows.items()
        }
        return LockedOrder(
            order_id=self.order.order_id,
            standing=standing,
            values=self.values,
            order=self.order if orders else None,
            suspended=self.suspended,
        )

    def write(self, changes: Changes) -> None:
        """As write_changes does, in its order; a version that is not there any more changes nothing."""
        for move in changes.moves:
            if (row := self._fresh(move)) is not None:
                self.rows[move["token_id"]] = self._placed(move, row.token.id, row.version + 1)
        for retry in changes.retries:
            if (row := self._fresh(retry)) is not None:
                row.version, row.leased = row.version + 1, False
        for release in changes.releases:
            if (row := self._fresh(release)) is not None:
                row.leased = False
        for end in changes.ends:
            if self._fresh(end) is not None:
                del self.rows[end["token_id"]]
        for new in changes.tokens:
            self.rows[next(self._ids)] = self._placed(new, new.get("ordinal", 1), 1)
        for values in changes.values:
            self.values |= values["data"]
        self.documents += changes.documents
        for incident in changes.incidents:
            if not any(_same(incident, each) for each in self.incidents):
                self.incidents.append({**incident, "id": next(self._ids), "open": True})
        for lost in changes.lost:
            for incident in self.incidents:
                if incident["open"] and incident["token_id"] == lost["token_id"]:
                    incident["stood"] = lost["stood"]
        for end in changes.order_ends:
            self.rows.clear()
            self.outcome, self.suspended = end["outcome"], False
        self.events += changes.events

    def _fresh(self, named: Json) -> Row | None:
        row = self.rows.get(named["token_id"])
        return row if row is not None and row.version == named["version"] else None

    @staticmethod
    def _placed(told: Json, ordinal: int, version: int) -> Row:
        known = {**told, "id": ordinal, "waits": told.get("waits", "service")}
        if "remaining" in known:
            known["left"] = known.pop("remaining")
        token = token_from_json({name: value for name, value in known.items() if name in _TOKEN})
        return Row(token=token, version=version, server=told.get("server") or "", data=told.get("data") or {})

    # As an operation

    def operated_as(self) -> OrderUnderAction:
        """What an operation sees under the order's lock."""
        opened = [
            OpenIncident(incident_id=each["id"], state=each["state"], stood=each["stood"])
            for each in self.incidents
            if each["open"]
        ]
        return OrderUnderAction(
            held=self.held(),
            order=self.order,
            document=to_json(self.order),
            number=self.order.number,
            revision=self.revision,
            outcome=self.outcome,
            leased=frozenset(token_id for token_id, row in self.rows.items() if row.leased),
            due_seconds=defaultdict(float),
            entered_at=defaultdict(lambda: NOW),
            incidents=tuple(opened),
            plan=self.plan,
            process_version_id=1,
        )

    def apply(self, verdict: Decision) -> None:
        """One transaction, as `PostgresOperations.operate` writes it."""
        self.revision, self.operated = self.revision + 1, True
        if verdict.row.get("reopens"):
            self.outcome = None
        self.suspended = verdict.row.get("suspends", self.suspended)
        for incident in self.incidents:
            incident["open"] = incident["open"] and incident["id"] not in verdict.resolved
        self.write(verdict.changes)

    # As time and machines

    def cut_off(self, token_id: int) -> None:
        """A function dies, and its lease runs out."""
        self.rows[token_id] = replace(self.rows[token_id], leased=False, stopped=True)

    def seen(self) -> Any:
        """All that may be compared."""
        rows = {token_id: (row.token, row.version, row.attempts, row.leased) for token_id, row in self.rows.items()}
        return rows, self.outcome, self.suspended, len(self.events), len(self.incidents), len(self.documents)


_TOKEN = frozenset({"id", "node", "waits", "scope", "host", "via", "item", "size", "left"})


def _same(one: Json, other: Json) -> bool:
    return (one["token_id"], one["version"]) == (other["token_id"], other["version"])
