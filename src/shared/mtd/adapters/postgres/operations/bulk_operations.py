"""Operations in PostgreSQL, behind `operations.Operations`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.changes import columns
from mtd.adapters.postgres.flow.store import Commit, PostgresFlowStore, locked_orders
from mtd.adapters.postgres.intake.registration import content_columns
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.sql import load
from mtd.usecases.flow.changes import Changes, Message
from mtd.usecases.operations.bulk_operations import (
    ItemResult,
    NewOperation,
    OperationItem,
    Selection,
    selection_problem,
)
from mtd.usecases.operations.order_actions import (
    Decision,
    OpenIncident,
    OrderUnderAction,
    OrderUpdate,
    Positions,
)
from mtd.usecases.operations.rollout import Operation, Progress

_SQL = load(__name__)
_PROGRESS = load("mtd.queries.operations.bulk_operations")["progress"]


class PostgresOperations:
    """`store` has the plans, commits, and sends the messages."""

    def __init__(self, database: Database, store: PostgresFlowStore) -> None:
        self._database = database
        self._store = store

    def create(self, new: NewOperation, most: int) -> tuple[int, list[tuple[str, str]]]:
        chosen = new.selection
        asked = {
            "numbers": list(chosen.numbers) if chosen.numbers is not None else None,
            "order_ids": list(chosen.order_ids) if chosen.order_ids is not None else None,
            "seller": chosen.seller,
            "fingerprint": chosen.fingerprint,
            "state": chosen.state,
            "version": chosen.version,
            "migrated_by": chosen.migrated_by,
            "tried": chosen.tried,
        }
        row = {
            "action": new.action,
            "person": new.person,
            "reason": new.reason,
            "arguments": Jsonb(new.arguments),
            "selection": Jsonb({name: value for name, value in asked.items() if value is not None}),
            "dry_run": new.dry_run,
            "canary": new.canary,
            "rate": new.rate,
            "stop_at": new.stop_at,
        }
        with self._database.transaction() as connection:
            made = connection.execute(_SQL["insert_operation"], row).fetchone()
            assert made is not None
            operation_id: int = made["operation_id"]
            rows = connection.execute(_SQL[_freezing(chosen)], {"operation_id": operation_id, "limit": most, **asked})
            selected = [(each["number"], str(each["order_id"])) for each in rows.fetchall()]
            if (problem := selection_problem(new, selected)) is not None:
                raise problem
        return operation_id, selected

    def lease(self, operation_id: int) -> Operation | None:
        rows = self._database.query(_SQL["lease_operation"], {"operation_id": operation_id})
        return Operation(**rows[0]) if rows else None

    def pending(self, operation_id: int, limit: int) -> list[OperationItem]:
        rows = self._database.query(_SQL["pending_items"], {"operation_id": operation_id, "limit": limit})
        return [OperationItem(positions=_positions(row.pop("stood")), **row) for row in rows]

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]:
        return self._store.plans(ids)

    @contextmanager
    def orders_under_action(
        self, operation: Operation, items: Sequence[OperationItem]
    ) -> Iterator["PostgresOrdersUnderAction"]:
        ids = {"order_ids": [item.order_id for item in items]}
        with self._store.committing() as commit:
            locked = commit.connection.execute(_SQL["operated_orders"], ids)
            tokens = commit.connection.execute(_SQL["operated_tokens"], ids)
            incidents = commit.connection.execute(_SQL["unresolved_incidents"], ids).fetchall()
            orders = [row for row in locked.fetchall() if not row["archived"]]
            plans = self._store.plans(sorted({row["process_version_id"] for row in orders}), commit.connection)
            unit = PostgresOrdersUnderAction(commit, _under_action(orders, tokens.fetchall(), incidents, plans))
            yield unit
            unit.write_rows(operation)

    def progress(self, operation: Operation) -> Progress:
        asked = {"operation_id": operation.operation_id, "dry_run": operation.dry_run}
        return Progress(**self._database.query(_PROGRESS, asked)[0])

    def release(self, operation_id: int, *, status: str, why: str | None, delay_seconds: int) -> None:
        released = {"operation_id": operation_id, "status": status, "why": why, "delay_seconds": delay_seconds}
        following = Message(destination="operations", body={"operation_id": operation_id}, delay_seconds=delay_seconds)
        with self._store.committing() as commit:
            commit.connection.execute(_SQL["release_operation"], released)
            if status == "running":
                commit.changes.append(Changes(messages=[following]))

    def stop(self, operation_id: int, person: str) -> bool:
        return bool(self._database.query(_SQL["stop_operation"], {"operation_id": operation_id, "person": person}))


def _freezing(chosen: Selection) -> str:
    if chosen.version is not None:
        return "freeze_in_flight"
    if chosen.tried is not None:
        return "freeze_tried"
    return "freeze_migrated" if chosen.migrated_by is not None else "freeze_items"


class PostgresOrdersUnderAction:
    """Serves `bulk_operations.OrdersUnderAction`."""

    def __init__(self, commit: Commit, orders: Mapping[UUID, OrderUnderAction]) -> None:
        self._commit = commit
        self._orders = orders
        self._decisions: list[Decision] = []
        self._results: list[Json] = []

    def order(self, item: OperationItem) -> OrderUnderAction | None:
        return self._orders.get(item.order_id)

    def write(self, decision: Decision) -> None:
        self._decisions.append(decision)
        self._commit.changes.append(decision.changes)

    def wake(self, changes: Changes) -> None:
        self._commit.changes.append(changes)

    def finish(self, item: OperationItem, result: ItemResult) -> None:
        decision = result.decision
        positions = decision.positions if decision is not None else None
        self._results.append(
            {
                "position": item.position,
                "status": result.status,
                "code": result.code,
                "message": result.message,
                "rests": list(decision.next_states) if decision is not None else [],
                "places": decision.places if decision is not None else None,
                "stood": {"before": positions.before, "after": positions.after} if positions is not None else None,
            }
        )

    def write_rows(self, operation: Operation) -> None:
        """Write the changes besides tokens: the orders, their incidents, and the items' results."""
        by = {"person": operation.person, "action": operation.action, "reason": operation.reason}
        rows = {
            ("operate_orders", "orders"): [_update_row(each.update) for each in self._decisions],
            ("migrate_tokens", "tokens"): [columns(t) for each in self._decisions for t in each.transferred_tokens],
            ("carry_tasks", "tasks"): [columns(t) for each in self._decisions for t in each.transferred_tasks],
            ("resolve_incidents", "resolved"): [
                {"incident_id": incident_id, **by}
                for each in self._decisions
                for incident_id in each.resolved_incidents
            ],
        }
        for (query, parameter), values in rows.items():
            if values:
                self._commit.connection.execute(_SQL[query], {parameter: Jsonb(values)})
        finished = {"operation_id": operation.operation_id, "items": Jsonb(self._results)}
        self._commit.connection.execute(_SQL["finish_items"], finished)


def _positions(stored: Json | None) -> Positions | None:
    return Positions(before=stored["before"], after=stored["after"]) if stored else None


def _update_row(update: OrderUpdate) -> Json:
    row: Json = {
        "order_id": update.order_id,
        "reopens": update.reopens,
        "suspends": update.suspends,
        "process_version_id": update.process_version_id,
    }
    if (corrected := update.correction) is not None:
        row |= {"document": corrected.document, "total": corrected.total, **content_columns(corrected.order)}
    return row


def _under_action(
    orders: Sequence[Mapping[str, Any]],
    tokens: Sequence[Mapping[str, Any]],
    incidents: Sequence[Mapping[str, Any]],
    plans: Mapping[int, Plan],
) -> dict[UUID, OrderUnderAction]:
    locked = locked_orders(orders, tokens)
    leased: dict[UUID, set[int]] = defaultdict(set)
    due: dict[UUID, dict[int, float]] = defaultdict(dict)
    entered: dict[UUID, dict[int, datetime]] = defaultdict(dict)
    for row in tokens:
        due[row["order_id"]][row["token_id"]] = row["due_seconds"]
        entered[row["order_id"]][row["token_id"]] = row["entered_at"]
        if row["leased"]:
            leased[row["order_id"]].add(row["token_id"])
    opened: dict[UUID, list[OpenIncident]] = defaultdict(list)
    for row in incidents:
        opened[row["order_id"]].append(
            OpenIncident(incident_id=row["incident_id"], state=row["state"], snapshot=row["stood"])
        )
    found: dict[UUID, OrderUnderAction] = {}
    for row in orders:
        order_id: UUID = row["order_id"]
        order = locked[order_id].order
        assert order is not None
        found[order_id] = OrderUnderAction(
            locked=locked[order_id],
            order=order,
            document=row["document"],
            number=row["number"],
            revision=row["revision"],
            outcome=row["outcome"],
            leased=frozenset(leased[order_id]),
            due_seconds=due[order_id],
            entered_at=entered[order_id],
            incidents=tuple(opened[order_id]),
            plan=plans[row["process_version_id"]],
            process_version_id=row["process_version_id"],
        )
    return found
