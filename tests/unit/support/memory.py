"""One order in memory, with the rules of flow.sql and operations.sql: leases, versions, fences, ends."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.unit.support.fakes import PLAN, FakeUnit

from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order, to_json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, Waits
from mtd.usecases.flow.changes import Changes, Incident, IssuedDocument, OrderEvent, TokenPlace
from mtd.usecases.flow.changes import Row as TokenVersion
from mtd.usecases.flow.tokens import CurrentToken, LeasedToken, LeaseResult, LockedOrder, TokenReference, TokenRow
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


@dataclass(slots=True)
class KeptIncident:
    """An incident's row."""

    id: int
    incident: Incident
    open: bool = True


class MemoryOrder:
    """Serves of `ports.FlowStore` what functions use, and what operations read and write; its process is the seed's."""

    def __init__(self, order: Order, plan: Plan = PLAN) -> None:
        self.order, self.plan = order, plan
        self.rows: dict[int, Row] = {}
        self.outcome: str | None = None
        self.suspended = self.operated = False
        self.revision = 1
        self.values: Json = {}
        self.events: list[OrderEvent] = []
        self.documents: list[IssuedDocument] = []
        self.incidents: list[KeptIncident] = []
        self._ids = itertools.count(1)

    # As `ports.FlowStore`

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]:
        return dict.fromkeys(ids, self.plan)

    def lease(self, server: str, references: Sequence[TokenReference], system: str | None = None) -> LeaseResult:
        del system
        tokens = []
        for reference in references:
            row = self.rows.get(reference.token_id)
            if row is None or row.version != reference.version or row.token.waits is not Waits.SERVICE:
                continue
            if (row.server or row.token.node) != server or self.suspended or row.leased:
                continue
            outcome_unknown, row.leased, row.stopped, row.attempts = row.stopped, True, False, row.attempts + 1
            tokens.append(self._leased(reference.token_id, row, outcome_unknown or self.operated))
        return LeaseResult(tokens=tokens)

    def _leased(self, token_id: int, row: Row, outcome_unknown: bool) -> LeasedToken:
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

    @contextmanager
    def unit_of_work(
        self, tokens: Sequence[LeasedToken] | Sequence[CurrentToken], *, with_content: bool = False
    ) -> Iterator[FakeUnit]:
        orders = {}
        for token in tokens:
            row = self.rows.get(token.token_id)
            if row is not None and (row.version, row.attempts) == (token.version, token.attempts):
                orders[token.token_id] = self.locked(with_content)
        unit = FakeUnit(orders)
        yield unit
        for changes in unit.written:
            self.write(changes)

    def locked(self, with_content: bool = True) -> LockedOrder:
        return LockedOrder(
            zone=UTC,
            order_id=self.order.order_id,
            rows={
                row.token.id: TokenRow(token_id=token_id, version=row.version, token=row.token)
                for token_id, row in self.rows.items()
            },
            values=self.values,
            order=self.order if with_content else None,
            suspended=self.suspended,
        )

    def write(self, changes: Changes) -> None:
        """As write_changes does, in its order; a version that is not there any more changes nothing."""
        for move in changes.moved_tokens:
            if (row := self._fresh(move)) is not None:
                self.rows[move.token_id] = self._placed(move.place, row.token.id, row.version + 1)
        for retry in changes.retried_tokens:
            if (row := self._fresh(retry)) is not None:
                row.version, row.leased = row.version + 1, False
        for release in changes.released_tokens:
            if (row := self._fresh(release)) is not None:
                row.leased = False
        for end in changes.deleted_tokens:
            if self._fresh(end) is not None:
                del self.rows[end.token_id]
        for new in changes.new_tokens:
            self.rows[next(self._ids)] = self._placed(new.place, new.ordinal, 1)
        for values in changes.values:
            self.values |= values.data
        self.documents += [document for _, document in changes.documents]
        for incident in changes.incidents:
            if not any(_same(incident, each.incident) for each in self.incidents):
                self.incidents.append(KeptIncident(id=next(self._ids), incident=incident))
        for update in changes.incident_updates:
            for each in self.incidents:
                if each.open and each.incident.token_id == update.token_id:
                    each.incident = each.incident.with_snapshot(update.snapshot)
        for ended in changes.order_ends:
            self.rows.clear()
            self.outcome, self.suspended = ended.outcome, False
        self.events += changes.events

    def _fresh(self, named: TokenVersion) -> Row | None:
        row = self.rows.get(named.token_id)
        return row if row is not None and row.version == named.version else None

    @staticmethod
    def _placed(place: TokenPlace, ordinal: int, version: int) -> Row:
        token = Token(
            id=ordinal,
            node=place.node,
            waits=place.waits,
            scope=place.scope,
            host=place.host,
            via=place.via,
            item=place.item,
            size=place.size,
            left=place.remaining,
            element=place.element,
            elements=None if place.elements is None else tuple(place.elements),
            values=place.own_values,
            visit=place.visit,
        )
        return Row(token=token, version=version, server=place.server or "", data=place.data or {})

    # As an operation

    def operated_as(self) -> OrderUnderAction:
        """The order as an operation sees it under its lock."""
        opened = [
            OpenIncident(incident_id=each.id, state=each.incident.state, snapshot=each.incident.snapshot)
            for each in self.incidents
            if each.open
        ]
        return OrderUnderAction(
            locked=self.locked(),
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

    def apply(self, decision: Decision) -> None:
        """One transaction, as `PostgresOrdersUnderAction` writes it."""
        self.revision, self.operated = self.revision + 1, True
        if decision.update.reopens:
            self.outcome = None
        if decision.update.suspends is not None:
            self.suspended = decision.update.suspends
        for each in self.incidents:
            each.open = each.open and each.id not in decision.resolved_incidents
        self.write(decision.changes)

    # As time and machines

    def cut_off(self, token_id: int) -> None:
        """A function dies, and its lease runs out."""
        self.rows[token_id] = replace(self.rows[token_id], leased=False, stopped=True)

    def seen(self) -> Any:
        """All that may be compared."""
        rows = {token_id: (row.token, row.version, row.attempts, row.leased) for token_id, row in self.rows.items()}
        return rows, self.outcome, self.suspended, len(self.events), len(self.incidents), len(self.documents)


def _same(one: Incident, other: Incident) -> bool:
    return (one.token_id, one.version) == (other.token_id, other.version)
