"""Each invariant holds of orders as they go, and each is found broken when somebody breaks it past MTD."""

import uuid
from typing import Any

import psycopg
import pytest

from mtd.adapters.postgres.records.invariants import INVARIANTS, PostgresInvariants
from mtd.domain.json_types import Json
from tests.integration.system import System
from tests.support.orders import OrderFile

_ORDER = """insert into orders (order_id, number, seller_id, seller_name, buyer_id, buyer_name, currency, document,
    content_hash, process_version_id, outcome, ended_at, tenant)
select %(id)s, %(number)s, 's', 's', 'b', 'b', 'CLP', '{}', 'h', process_version_id, nullif(%(outcome)s, ''),
    case when %(outcome)s <> '' then now() end, 'main' from process_versions limit 1"""
_CIRCUIT = """insert into circuits (system, state, changed_at)
values (%(number)s, 'closed', now() - interval '3 days')"""


def token(waits: str) -> str:
    """A token of the order that was due long ago."""
    return f"""insert into tokens (order_id, node, waits, due_at)
    values (%(id)s, 'validation', '{waits}', now() - interval '2 hours')"""


BREAKS: dict[str, tuple[str, ...]] = {
    "order_without_token": ("",),
    "ended_order_with_token": ("completed", token("join")),
    "exception_without_incident": ("exception",),
    "incident_of_no_exception": (
        "completed",
        """insert into incidents (order_id, token_id, version, state, code, message, fingerprint, attempts, opened_at)
        values (%(id)s, -%(n)s, 1, 's', 'c', 'm', 'f', 1, now() - interval '2 hours')""",
    ),
    "service_stands": ("", token("service")),
    "timer_stands": ("", token("time")),
    "parked_for_a_closed_circuit": (
        "",
        token("service"),
        _CIRCUIT,
        """update tokens set parked_at = now() - interval '3 days', parked_for = %(number)s
        where order_id = %(id)s""",
    ),
    "person_without_task": ("", token("person")),
    "task_without_token": (
        "",
        token("join"),
        """insert into tasks (order_id, token_id, node, name, team, priority)
        values (%(id)s, -%(n)s, 'n', 'n', 't', 'normal')""",
    ),
    "mail_stands": (
        "completed",
        "insert into mails (order_id, kind, created_at) values (%(id)s, 'k', now() - interval '2 hours')",
    ),
    "message_unsent": (
        "completed",
        """insert into outbox (destination, body, created_at)
        values ('transitions', '{}', now() - interval '2 hours')""",
    ),
    "operation_stands": (
        "completed",
        """insert into operations (action, person, reason, selection, due_at)
        values ('retry', 'p', 'r', '{}', now() - interval '2 hours')""",
    ),
    "issued_without_document": (
        "completed",
        """insert into events (order_id, who, source, what, from_state)
        values (%(id)s, 'f', 's', 'done', 'emission_dte')""",
    ),
    "rows_of_two_tenants": ("", token("join"), "update tokens set tenant = 'elsewhere' where order_id = %(id)s"),
}
"""The outcome of an order ('' while it is on its way), and the statements that break the invariant."""


def test_there_is_a_break_for_every_invariant() -> None:
    assert set(BREAKS) == set(INVARIANTS)


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_a_broken_invariant_is_found(system: System, invariant: str) -> None:
    """In a transaction that is taken back, so that nobody else sees it."""
    outcome, *statements = BREAKS[invariant]
    number = f"I-{uuid.uuid4().hex[:10]}"
    values = {"id": uuid.uuid4(), "number": number, "outcome": outcome, "n": uuid.uuid4().int % 10**9}
    with psycopg.connect(system.conninfo()) as connection:
        for statement in (_ORDER, *statements):
            connection.execute(statement.encode(), values)
        found = PostgresInvariants(OpenTransaction(connection)).broken(3600)  # type: ignore[arg-type]
        connection.rollback()
    subjects = {each.subject for each in found if each.invariant == invariant}
    assert number in subjects or any(subject.startswith(("outbox ", "operation ")) for subject in subjects)


class OpenTransaction:
    """A database whose queries are all of one open transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def query(self, query: str, parameters: Json | None = None) -> list[Json]:
        cursor = self._connection.execute(query.encode(), parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_orders_that_go_their_way_break_none(system: System, number: str) -> None:
    failed = f"{number}-X"
    system.fault("eom", failed, refusal_rate=1, refusal_code="blocked", refusal_message="not today")
    for name in (number, failed):
        system.put(OrderFile(number=name).xml(), f"{name}.xml")
    system.ended(number, "completed")
    system.ended(failed, "exception")

    broken = system.get("/audit?invariants=all&seconds=5")["broken"]

    assert [each for each in broken if each["subject"] in (number, failed)] == []


def test_a_limit_that_is_none_is_refused(system: System) -> None:
    assert system.call("GET", "/audit?invariants=all&seconds=0")[0] == 400
