"""An outage of a legacy system: its orders are parked, and drained when it is back.

All of it happens to the gift card system, which few orders need: what other tests send there meanwhile waits a little.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import uuid4

import pytest

from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.flow.circuits import PostgresCircuits
from mtd.adapters.postgres.flow.store import PostgresFlowStore
from mtd.domain.circuit import CallResults
from mtd.usecases.flow.circuit_breaker import CircuitSettings, release_parked, update_circuit
from tests.integration.system import Json, System, until
from tests.support.orders import OrderFile

pytestmark = pytest.mark.xdist_group("circuits")


@pytest.fixture
def card_outage(system: System) -> Iterator[None]:
    """After each test the gift card system answers, and its circuit is closed."""
    system.outage("gift_card", on=True)
    yield
    system.outage("gift_card", on=False)
    if circuit(system)["state"] == "open":
        system.call("POST", "/circuits/gift_card", {"action": "close", "person": "test", "reason": "the test is over"})


def circuit(system: System) -> Json:
    rows: list[Json] = system.get("/circuits")["circuits"]
    return next(row for row in rows if row["system"] == "gift_card")


def put(system: System, prefix: str, orders: int) -> list[str]:
    numbers = [f"{prefix}-{i}" for i in range(orders)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: system.put(OrderFile(number=n, gift_card=f"GC-{n}").xml(), f"{n}.xml"), numbers))
    return numbers


def parked(system: System, prefix: str) -> list[Json]:
    return system.sql(
        "select o.number, t.attempts, t.parked_for, t.version from tokens t join orders o using (order_id)"
        " where o.number like %s and t.parked_at is not null",
        f"{prefix}-%",
    )


def forsaken(system: System, prefix: str) -> bool:
    """Take the circuit's next probe away; whether no probe was under way that has set another."""
    system.sql("update circuits set next_probe_at = now() + interval '1 hour' where system = 'gift_card'")
    time.sleep(2.5)
    far = system.sql(
        "select next_probe_at > now() + interval '50 minutes' as far from circuits where system = 'gift_card'"
    )
    return far == [{"far": True}] and len(parked(system, prefix)) == 6


def outcomes(system: System, prefix: str) -> dict[str | None, int]:
    rows = system.sql("select outcome, count(*) as orders from orders where number like %s group by 1", f"{prefix}-%")
    return {row["outcome"]: row["orders"] for row in rows}


def events(system: System, prefix: str, what: str, state: str = "gift_card") -> list[Json]:
    return system.sql(
        "select o.number, e.at, e.who, e.detail from events e join orders o using (order_id)"
        " where o.number like %s and e.what = %s and e.from_state = %s order by e.at",
        f"{prefix}-%",
        what,
        state,
    )


@pytest.mark.usefixtures("card_outage")
def test_an_outage_parks_its_orders_and_drains_them_when_it_is_over(system: System, number: str) -> None:
    numbers = put(system, number, 30)

    before = until(lambda: parked(system, number), lambda rows: len(rows) == 30)
    tried = {row["number"]: max(row["attempts"], 1) for row in before}
    seen = circuit(system)
    assert (seen["state"], seen["by_hand"]) == ("open", False)
    assert seen["parked"] >= 29
    assert "503" in seen["reason"]
    # A probe fails meanwhile, and no order pays for it.
    until(lambda: events(system, number, "parked"), lambda rows: len(rows) > 30)
    assert outcomes(system, number) == {None: 30}
    after = until(lambda: parked(system, number), lambda rows: len(rows) == 30)
    assert [row for row in after if row["attempts"] > tried[row["number"]]] == []
    again = events(system, number, "parked")[30:]
    assert len({event["number"] for event in again}) == len(again)

    system.outage("gift_card", on=False)

    until(lambda: outcomes(system, number), lambda found: found == {"completed": 30})
    assert circuit(system)["state"] == "closed"
    assert len({event["number"] for event in events(system, number, "released")}) >= 29
    done = [event["at"] for event in events(system, number, "done")]
    # Ten a second: the last of them three seconds after the first; messages come to the second, a batch at a time.
    assert (done[-1] - done[0]).total_seconds() > 1.5
    assert all(len(system.done("gift_card", "redeem", each)) == 1 for each in numbers[::5])
    folios = system.sql(
        "select count(*) as folios, count(distinct (document_type, folio)) as different"
        " from tax_documents join orders using (order_id) where number like %s",
        f"{number}-%",
    )
    assert folios == [{"folios": 30, "different": 30}]
    what = " | ".join(event["what"] for event in system.order(numbers[-1])["events"])
    assert "parked: " in what
    assert "released: system gift_card" in what


@pytest.mark.usefixtures("card_outage")
def test_the_schedule_probes_a_circuit_whose_probe_was_lost(system: System, number: str) -> None:
    put(system, number, 6)
    until(lambda: parked(system, number), lambda rows: len(rows) == 6)
    # As after a crash of the probing function: whoever is to look comes in vain, and nobody follows.
    until(lambda: forsaken(system, number), bool)
    system.outage("gift_card", on=False)
    system.sql("update circuits set next_probe_at = now() - interval '6 seconds' where system = 'gift_card'")
    # As parked behind a release: by a commit that was under way when the circuit closed.
    system.sql(
        "update tokens t set parked_for = 'eom' from orders o where o.order_id = t.order_id and o.number = %s",
        f"{number}-3",
    )

    relayed = system.invoke("relay_outbox", {})

    assert relayed["prompted"] >= 1
    assert relayed["released"] >= 1
    until(lambda: outcomes(system, number), lambda found: found == {"completed": 6})


def test_a_person_holds_a_circuit_open(system: System, number: str) -> None:
    def post(**body: object) -> tuple[int, str | None]:
        status, answer = system.call("POST", "/circuits/gift_card", {"person": "ana", **body})
        return status, answer.get("code")

    opened = system.call(
        "POST", "/circuits/gift_card", {"action": "open", "person": "ana", "reason": "maintenance", "drain_rate": 50}
    )
    try:
        assert opened[0] == 200
        assert (opened[1]["by_hand"], opened[1]["changed_by"], opened[1]["drain_rate"]) == (True, "ana", 50.0)
        assert post(action="open", reason="again") == (409, "circuit_open")
        put(system, number, 3)
        rows = until(lambda: parked(system, number), lambda rows: len(rows) == 3)
        # Untried, though the system would answer: nobody probes what a person holds.
        assert {row["attempts"] for row in rows} == {0}
        one = system.call(
            "POST", "/operations", {"action": "cancel", "numbers": [f"{number}-0"], "person": "ana", "reason": "called"}
        )
        assert one[0] == 200
        until(lambda: outcomes(system, number), lambda found: found == {None: 2, "cancelled": 1})
        assert post(action="set", reason="slower", drain_rate=20) == (200, None)
        assert circuit(system)["reason"] == "maintenance"
    finally:
        assert post(action="close", reason="it is back") == (200, None)
        system.sql("update circuits set drain_rate = null where system = 'gift_card'")

    until(lambda: outcomes(system, number), lambda found: found == {"completed": 2, "cancelled": 1})
    assert post(action="close", reason="twice") == (409, "circuit_closed")
    assert [event["who"] for event in events(system, number, "released")] == ["ana", "ana"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("sap", {"action": "open", "person": "ana", "reason": "x"}, (404, "system_unknown")),
        ("eom", {"action": "set", "person": "ana", "reason": "x"}, (400, "drain_rate_missing")),
        ("eom", {"action": "open", "person": "ana", "reason": "  "}, (400, "reason_missing")),
        ("eom", {"action": "set", "person": "ana", "reason": "x", "drain_rate": 0}, (400, "drain_rate_malformed")),
        ("eom", {"action": "burn", "person": "ana", "reason": "x"}, (400, None)),
        ("eom", {"action": "open", "person": "ana"}, (400, None)),
    ],
)
def test_wrong_requests_change_nothing(system: System, path: str, body: Json, expected: tuple[int, str | None]) -> None:
    before = system.sql("select * from circuits where system = 'eom'")

    status, answer = system.call("POST", f"/circuits/{path}", body)

    assert (status, answer.get("code") if expected[1] else None) == expected
    assert system.sql("select * from circuits where system = 'eom'") == before


@pytest.fixture
def own(system: System) -> Iterator[str]:
    """A system that only this test knows."""
    name = f"t_{uuid4().hex[:8]}"
    system.sql("insert into circuits (system) values (%s)", name)
    yield name
    system.sql("delete from circuits where system = %s", name)


SETTINGS = CircuitSettings(threshold=5, probe_seconds=60, drain_rate=10)


def circuits_of(system: System) -> PostgresCircuits:
    database = Database(system.conninfo)
    return PostgresCircuits(database, PostgresFlowStore(database, lambda _: None, 30.0))


def released(circuits: PostgresCircuits, system: str) -> tuple[int, bool]:
    with circuits.locked(system) as circuit:
        return release_parked(circuit, system, SETTINGS.drain_rate, "f")


def silence(*, orders: int, probing: bool = False) -> CallResults:
    return CallResults(answered=False, unanswered=[uuid4() for _ in range(orders)], probing=probing, why="timed out")


def test_environments_count_the_same_silence_together(system: System, own: str) -> None:
    environments = [circuits_of(system) for _ in range(4)]
    barrier = threading.Barrier(4)

    def listen(circuits: PostgresCircuits) -> bool:
        barrier.wait()
        update = update_circuit(circuits, own, silence(orders=2), SETTINGS, "f")
        return update.probe_in is not None

    with ThreadPoolExecutor(4) as pool:
        schedules = list(pool.map(listen, environments))

    # Eight orders: the third environment opens it, and it alone sees to a probe.
    assert sum(schedules) == 1
    [row] = system.sql("select state, changed_by, cardinality(failing) as failing from circuits where system = %s", own)
    assert row == {"state": "open", "changed_by": "f", "failing": 5}


def test_a_probe_whose_function_dies_is_followed_by_another(system: System, own: str) -> None:
    system.sql("update circuits set state = 'open', next_probe_at = now() where system = %s", own)
    system.sql(
        "insert into tokens (order_id, node, ordinal, parked_at, parked_for)"
        " select order_id, %s, 1000 + i, now() - make_interval(secs => i), %s"
        " from (select order_id from orders where outcome = 'completed' limit 1) o, generate_series(1, 3) i",
        own,
        own,
    )

    def probing(circuits: PostgresCircuits) -> list[int]:
        with circuits.locked(own) as circuit:
            assert circuit.circuit.open
            leased = circuit.lease_probe(own, [], SETTINGS.probe_seconds).tokens if circuit.probe_due else []
        return [token.token_id for token in leased]

    try:
        tokens = [
            row["token_id"] for row in system.sql("select token_id from tokens where node = %s order by parked_at", own)
        ]
        environments = [circuits_of(system) for _ in range(3)]
        with ThreadPoolExecutor(3) as pool:
            at_once = sorted(pool.map(probing, environments))
        # Nobody hears what became of it; a minute later the next one has its turn.
        system.sql("update circuits set next_probe_at = now() where system = %s", own)
        then = probing(environments[0])
    finally:
        system.sql("delete from tokens where node = %s", own)

    # The one that is parked the longest, once, whoever comes.
    assert at_once == [[], [], [tokens[0]]]
    assert then == [tokens[1]]


def test_a_release_gives_each_order_its_turn_the_oldest_first(system: System, own: str) -> None:
    system.sql(
        "insert into tokens (order_id, node, waits, ordinal, entered_at, parked_at, parked_for)"
        " select order_id, 'gift_card', 'person', 1000 + i, now() - make_interval(secs => i), now(), %s"
        " from (select order_id from orders limit 1) o, generate_series(1, 12) i",
        own,
    )
    try:
        assert released(circuits_of(system), own) == (12, False)
        rows = system.sql("select ordinal, due_at from tokens where ordinal > 1000 order by due_at")
        assert [row["ordinal"] for row in rows] == [1000 + i for i in range(12, 0, -1)]
        gaps = [(later["due_at"] - earlier["due_at"]).total_seconds() for earlier, later in pairwise(rows)]
        assert gaps == pytest.approx([0.1] * 11)
        assert released(circuits_of(system), own) == (0, False)
    finally:
        system.sql("delete from tokens where ordinal > 1000 and waits = 'person'")
