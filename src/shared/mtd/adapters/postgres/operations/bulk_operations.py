"""Operations in PostgreSQL, behind `operations.Operations`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.changes import insert_outbox, write_changes
from mtd.adapters.postgres.flow.store import PostgresFlowStore, locked_orders
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Waits
from mtd.sql import load
from mtd.usecases.flow.cases import Changes, Message
from mtd.usecases.operations.bulk_operations import (
    ARCHIVED,
    Decide,
    ItemResult,
    NewOperation,
    OperationItem,
    Selection,
    selection_problem,
)
from mtd.usecases.operations.order_actions import Decision, OpenIncident, OrderUnderAction
from mtd.usecases.operations.rollout import Operation, Progress

_SQL = load(__name__)
_PROGRESS = load("mtd.queries.operations.bulk_operations")["progress"]


class PostgresOperations:
    """`work` has the plans, and sends the messages of what is committed."""

    def __init__(self, database: Database, work: PostgresFlowStore) -> None:
        self._database = database
        self._work = work

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
        }
        row = {
            "action": new.action, "person": new.person, "reason": new.reason, "arguments": Jsonb(new.arguments),
            "selection": Jsonb({name: value for name, value in asked.items() if value is not None}),
            "dry_run": new.dry_run, "canary": new.canary, "rate": new.rate, "stop_at": new.stop_at,
        }  # fmt: skip
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
        return [OperationItem(**row) for row in rows]

    def plans(self, ids: Sequence[int]) -> Mapping[int, Plan]:
        return self._work.plans(ids)

    def operate(self, operation: Operation, items: Sequence[OperationItem], decide: Decide) -> None:
        ids = {"order_ids": [item.order_id for item in items]}
        with self._database.transaction() as connection:
            locked = connection.execute(_SQL["operated_orders"], ids)
            standing = connection.execute(_SQL["operated_tokens"], ids)
            opened = connection.execute(_SQL["unresolved_incidents"], ids).fetchall()
            orders, tokens = [row for row in locked.fetchall() if not row["archived"]], standing.fetchall()
            plans = self._work.plans(sorted({row["process_version_id"] for row in orders}), connection)
            operated = _operated(orders, tokens, opened, plans)
            results = {
                item: decide(item, operated[item.order_id]) if item.order_id in operated else ARCHIVED for item in items
            }
            verdicts = [r.verdict for r in results.values() if r.verdict is not None and not operation.dry_run]
            if verdicts:
                connection.execute(_SQL["operate_orders"], {"orders": Jsonb([v.row for v in verdicts])})
            if migrated := [row for verdict in verdicts for row in verdict.migrated]:
                connection.execute(_SQL["migrate_tokens"], {"tokens": Jsonb(migrated)})
            if carried := [row for verdict in verdicts for row in verdict.carried]:
                connection.execute(_SQL["carry_tasks"], {"tasks": Jsonb(carried)})
            told = {"person": operation.person, "action": operation.action, "reason": operation.reason}
            resolved = [{"incident_id": each, **told} for verdict in verdicts for each in verdict.resolved]
            if resolved:
                connection.execute(_SQL["resolve_incidents"], {"resolved": Jsonb(resolved)})
            written = [verdict.changes for verdict in verdicts]
            outbox = write_changes(connection, [*written, _looks(operated.values(), verdicts)])
            finished = {
                "operation_id": operation.operation_id,
                "items": Jsonb([_finished(item, result) for item, result in results.items()]),
            }
            connection.execute(_SQL["finish_items"], finished)
        self._work.deliver(outbox())

    def progress(self, operation: Operation) -> Progress:
        asked = {"operation_id": operation.operation_id, "dry_run": operation.dry_run}
        return Progress(**self._database.query(_PROGRESS, asked)[0])

    def release(self, operation_id: int, *, status: str, why: str | None, delay_seconds: int) -> None:
        released = {"operation_id": operation_id, "status": status, "why": why, "delay_seconds": delay_seconds}
        following = Message(destination="operations", body={"operation_id": operation_id}, delay_seconds=delay_seconds)
        with self._database.transaction() as connection:
            connection.execute(_SQL["release_operation"], released)
            outbox = insert_outbox(connection, [following] if status == "running" else [])
        self._work.deliver(outbox())

    def stop(self, operation_id: int, person: str) -> bool:
        return bool(self._database.query(_SQL["stop_operation"], {"operation_id": operation_id, "person": person}))


def _freezing(chosen: Selection) -> str:
    if chosen.version is not None:
        return "freeze_in_flight"
    return "freeze_migrated" if chosen.migrated_by is not None else "freeze_items"


def _looks(operated: Iterable[OrderUnderAction], verdicts: Sequence[Decision]) -> Changes:
    """Tokens that are due and left as they are: whoever came for one while it was locked here has passed it over."""
    touched = {
        row["token_id"]
        for verdict in verdicts
        for row in (*verdict.changes.moves, *verdict.changes.ends, *verdict.changes.retries, *verdict.migrated)
    }
    suspended = {UUID(v.row["order_id"]): v.row["suspends"] for v in verdicts if "suspends" in v.row}
    left = [
        {"token_id": each.token_id, "version": each.version, "delay_seconds": 0}
        for order in operated
        if not suspended.get(order.held.order_id, order.held.suspended)
        for each in order.held.standing.values()
        if each.token.waits is Waits.SERVICE and order.due_seconds[each.token_id] <= 2
        and each.token_id not in order.leased and each.token_id not in touched
    ]  # fmt: skip
    return Changes(looks=left)


def _finished(item: OperationItem, result: ItemResult) -> Json:
    rests = list(result.verdict.rests) if result.verdict is not None else []
    return {
        "position": item.position, "status": result.status, "code": result.code, "message": result.message,
        "rests": rests, "stood": result.verdict.stood if result.verdict is not None else None,
    }  # fmt: skip


def _operated(
    orders: Sequence[Mapping[str, Any]],
    tokens: Sequence[Mapping[str, Any]],
    incidents: Sequence[Mapping[str, Any]],
    plans: Mapping[int, Plan],
) -> dict[UUID, OrderUnderAction]:
    held = locked_orders(orders, tokens)
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
            OpenIncident(incident_id=row["incident_id"], state=row["state"], stood=row["stood"])
        )
    found: dict[UUID, OrderUnderAction] = {}
    for row in orders:
        order_id: UUID = row["order_id"]
        order = held[order_id].order
        assert order is not None
        found[order_id] = OrderUnderAction(
            held=held[order_id],
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
