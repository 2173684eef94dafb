"""A batch of tasks of a connected system: what is sent under which key, and what becomes of the orders."""

import dataclasses
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from tests.unit.support.fakes import FakeStore, leased
from tests.unit.support.fraud import FRAUD, imported

from mtd.domain.circuit import Circuit
from mtd.domain.errors import MtdError, NoAnswerError
from mtd.domain.json_types import Json
from mtd.domain.systems.system import System
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, Waits
from mtd.usecases.flow.circuit_breaker import CircuitBreaker, CircuitSettings
from mtd.usecases.flow.effects import StateRun
from mtd.usecases.flow.tokens import LeasedToken, LeaseResult, OrderSnapshot, TokenReference, TokenRow
from mtd.usecases.systems.call_system import call_system
from mtd.usecases.systems.ports import CallCounts, Reservation, SystemAnswer, SystemRequest

NODE = "check_fraud"
SETTINGS = CircuitSettings(threshold=5, probe_seconds=1, drain_rate=10)


@dataclass(slots=True)
class FakeConnection:
    """Answers what it is told, in turn; keeps the requests."""

    answers: list[SystemAnswer | MtdError]
    requests: list[SystemRequest] = field(default_factory=list)

    def send(self, system: System, request: SystemRequest, timeout_seconds: float) -> SystemAnswer:
        assert timeout_seconds <= system.timeout_seconds
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, MtdError):
            raise answer
        return answer


@dataclass(slots=True)
class FakeSystems:
    """Serves `Systems`; grants every turn."""

    recorded: list[CallCounts] = field(default_factory=list)
    granted: int = 100

    def declared(self) -> Mapping[str, System]:
        return {FRAUD.name: FRAUD}

    def system(self, name: str) -> System:
        return self.declared()[name]

    def declare(self, system: System, person: str) -> bool:
        raise NotImplementedError(system, person)

    def reserve(self, system: System, calls: int, within_seconds: float) -> Reservation:
        assert within_seconds <= 26
        assert system.rate
        return Reservation(granted=min(calls, self.granted))

    def record_calls(self, system: str, calls: CallCounts) -> None:
        assert system == FRAUD.name
        self.recorded.append(calls)


@dataclass(slots=True)
class FakeServices:
    """Serves `OwnServices`; answers what it is told, and keeps what it got."""

    answer: Any = None
    batches: list[tuple[str, list[Json]]] = field(default_factory=list)
    queued: list[tuple[str, Json]] = field(default_factory=list)

    def invoke(self, function: str, calls: Sequence[Json], timeout_seconds: float) -> Any:
        assert timeout_seconds > 0
        self.batches.append((function, list(calls)))
        if isinstance(self.answer, MtdError):
            raise self.answer
        return self.answer(calls) if callable(self.answer) else self.answer

    def enqueue(self, queue: str, request: Json) -> None:
        self.queued.append((queue, request))


class SystemStore(FakeStore):
    """A store whose orders stand at the task of the system."""

    visit: str | None = "1"

    def lease(self, server: str, references: Sequence[TokenReference], system: str | None = None) -> LeaseResult:
        assert (server, system) == ("system:fraud", "fraud")
        return LeaseResult(tokens=self.tokens) if references else LeaseResult()

    def snapshots(self, order_ids: Sequence[UUID]) -> Mapping[UUID, OrderSnapshot]:
        return {token.order_id: self._snapshot(token) for token in self.tokens if token.order_id in order_ids}

    def _snapshot(self, token: LeasedToken) -> OrderSnapshot:
        own = Token(id=1, node=token.node, waits=Waits.SERVICE, visit=self.visit)
        row = TokenRow(token_id=token.token_id, version=token.version, token=own)
        return OrderSnapshot(rows={1: row}, values=self.values)


class FakeCircuits:
    """A closed circuit that nobody changes."""

    circuit = Circuit(open=False, by_hand=False)
    drain_rate = None

    def locked(self, _system: str) -> Any:
        return nullcontext(self)

    def add(self, circuit: str) -> None:
        raise NotImplementedError(circuit)

    def keep_failing(self, failing: Sequence[UUID]) -> None:
        assert failing


def plan() -> Plan:
    found = imported().plan
    assert found is not None
    return found


def run(
    connection: FakeConnection,
    *tokens: LeasedToken,
    system: System = FRAUD,
    systems: FakeSystems | None = None,
    services: "FakeServices | None" = None,
) -> tuple[SystemStore, Any]:
    store = SystemStore(tokens=list(tokens), plan=plan())
    breaker = CircuitBreaker(system="fraud", circuits=FakeCircuits(), settings=SETTINGS)
    references = [TokenReference(token_id=token.token_id, version=token.version) for token in tokens]
    state = StateRun(function="call_system", request_id="r", parallel=1)
    answer = call_system(
        system,
        references,
        connection,
        services or FakeServices(),
        systems or FakeSystems(),
        store,
        state,
        breaker,
        26.0,
    )
    return store, answer


def ok(score: int = 7) -> SystemAnswer:
    return SystemAnswer(status=200, content={"score": score})


def test_the_order_goes_on_with_what_the_answer_gives() -> None:
    connection, systems = FakeConnection([ok()]), FakeSystems()
    token = leased(NODE)

    store, answer = run(connection, token, systems=systems)

    assert (answer["state"], answer["done"]) == ("system:fraud", 1)
    [request] = connection.requests
    assert (request.method, request.path, request.key) == ("POST", "/check", f"{token.order_id}:{NODE}:1")
    assert request.body == {"id": "N-1", "amount": 23800, "buyer": {"rut": token.order.buyer.rut, "new": True}}
    changes = store.committed[1]
    assert [each.data for each in changes.values] == [{"score": 7}]
    [event] = changes.events
    assert (event.what, event.to_state) == ("done", "done")
    assert event.detail["values"] == {"score": 7}
    assert event.detail["hops"][-1]["source"] == "fraud"
    [counts] = systems.recorded
    assert (counts.calls, counts.unanswered, counts.refused) == (1, 0, 0)


@pytest.mark.parametrize(("attempts", "outcome_unknown"), [(2, False), (1, True)])
def test_without_recover_the_same_call_is_repeated_under_its_key(attempts: int, outcome_unknown: bool) -> None:
    connection = FakeConnection([ok()])

    run(connection, leased(NODE, attempts=attempts, outcome_unknown=outcome_unknown))

    assert [(each.method, each.path) for each in connection.requests] == [("POST", "/check")]


RECOVERABLE = dataclasses.replace(FRAUD, recover="/operations/{key}")


def test_after_trouble_the_system_is_asked_what_it_has_done() -> None:
    connection, token = FakeConnection([ok(9)]), leased(NODE, attempts=2)

    store, _ = run(connection, token, system=RECOVERABLE)

    [request] = connection.requests
    assert (request.method, request.key) == ("GET", None)
    assert request.path == f"/operations/{token.order_id}%3A{NODE}%3A1"
    assert store.committed[1].values[0].data == {"score": 9}
    assert store.committed[1].events[0].detail["hops"][-1]["what"] == "check recovered"


def test_what_the_system_has_not_done_is_asked_for() -> None:
    connection = FakeConnection([SystemAnswer(status=404, content={}), ok()])

    _, answer = run(connection, leased(NODE, attempts=2), system=RECOVERABLE)

    assert [each.method for each in connection.requests] == ["GET", "POST"]
    assert answer["done"] == 1


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_while_it_is_not_known_what_was_done_nothing_is_asked_for_again(status: int) -> None:
    connection = FakeConnection([SystemAnswer(status=status, content={})])

    _, answer = run(connection, leased(NODE, attempts=2), system=RECOVERABLE)

    assert [each.method for each in connection.requests] == ["GET"]
    assert (answer["retried"], answer["failed"]) == (1, 0)


def test_as_many_calls_as_the_declaration_says_are_made_at_a_time() -> None:
    together = threading.Barrier(3)

    class Meeting(FakeConnection):
        def send(self, system: System, request: SystemRequest, timeout_seconds: float) -> SystemAnswer:
            together.wait(timeout=5)
            return super().send(system, request, timeout_seconds)

    wide = dataclasses.replace(FRAUD, parallel=3)

    _, answer = run(Meeting([ok(), ok(), ok()]), *(leased(NODE, i) for i in (1, 2, 3)), system=wide)

    assert answer["done"] == 3


def test_a_refusal_takes_the_error_way_with_its_request() -> None:
    store, answer = run(FakeConnection([SystemAnswer(status=409, content={"message": "seen before"})]), leased(NODE))

    assert answer["failed"] == 1
    [event] = store.committed[1].events
    assert (event.detail["code"], event.to_state) == ("suspected", "refused")


def test_an_order_that_lacks_what_is_sent_is_refused_without_a_call() -> None:
    connection = FakeConnection([])
    token = leased(NODE)
    bare = dataclasses.replace(token, order=dataclasses.replace(token.order, lines=()))
    store = SystemStore(tokens=[bare], plan=plan())
    node = store.plan.nodes[NODE]
    assert node.call is not None
    send = ["object", "sku", ["field", ["index", ["field", ["name", "order"], "lines"], ["number", "0"]], "sku"]]
    store.plan.nodes[NODE] = dataclasses.replace(node, call=dataclasses.replace(node.call, send=send))
    breaker = CircuitBreaker(system="fraud", circuits=FakeCircuits(), settings=SETTINGS)
    run_ = StateRun(function="call_system", request_id="r", parallel=1)

    references = [TokenReference(token_id=1, version=3)]
    answer = call_system(FRAUD, references, connection, FakeServices(), FakeSystems(), store, run_, breaker, 26.0)

    assert (answer["failed"], connection.requests) == (1, [])
    assert store.committed[1].events[0].detail["code"] == "unknown_fact"


def test_a_system_may_say_when_it_is_asked_again() -> None:
    answered = SystemAnswer(status=429, content={}, retry_after=30.0)

    store, answer = run(FakeConnection([answered]), leased(NODE))

    assert answer["retried"] == 1
    assert store.committed[1].retried_tokens[0].delay_seconds == 30.0


def test_a_system_that_tells_its_answer_later_has_the_order_wait_for_it() -> None:
    found = imported({"later": "fraud_checked"}).plan
    assert found is not None
    token = leased(NODE)
    store = SystemStore(tokens=[token], plan=found)
    breaker = CircuitBreaker(system="fraud", circuits=FakeCircuits(), settings=SETTINGS)
    connection = FakeConnection([SystemAnswer(status=202, content={})])
    state = StateRun(function="call_system", request_id="r", parallel=1)

    call_system(
        FRAUD,
        [TokenReference(token_id=1, version=3)],
        connection,
        FakeServices(),
        FakeSystems(),
        store,
        state,
        breaker,
        26.0,
    )

    changes = store.committed[1]
    [moved] = changes.moved_tokens
    assert (moved.place.node, moved.place.waits, moved.place.message) == (NODE, Waits.MESSAGE, "fraud_checked")
    assert ([event.what for event in changes.events], changes.values) == (["accepted"], [])


def test_an_answer_of_202_is_an_answer_where_the_sheet_waits_for_none() -> None:
    store, answer = run(FakeConnection([SystemAnswer(status=202, content={"score": 3})]), leased(NODE))

    assert (answer["done"], store.committed[1].values[0].data) == (1, {"score": 3})


def test_a_call_that_has_no_turn_is_postponed_and_is_no_try() -> None:
    slow = dataclasses.replace(FRAUD, rate=0.1)

    store, answer = run(
        FakeConnection([ok()]), leased(NODE, 1), leased(NODE, 2), system=slow, systems=FakeSystems(granted=1)
    )

    assert (answer["done"], answer["postponed"], answer["retried"]) == (1, 1, 0)
    [postponed] = store.committed[2].postponed_tokens
    assert (postponed.token_id, postponed.delay_seconds) == (2, 10.0)
    assert store.committed[2].events == []


def test_no_answer_is_told_to_the_circuit_and_tried_again() -> None:
    systems = FakeSystems()

    store, answer = run(FakeConnection([NoAnswerError("silence", code="timed_out")]), leased(NODE), systems=systems)

    assert answer["retried"] == 1
    assert store.committed[1].events[0].detail["code"] == "timed_out"
    assert systems.recorded[0].unanswered == 1


FUNCTION = dataclasses.replace(FRAUD, url="", function="scores")


def test_a_function_is_invoked_once_for_a_batch_and_answers_each_order_by_itself() -> None:
    def answer(calls: Sequence[Json]) -> Any:
        told: list[Json] = [
            {"values": {"score": 7}},
            {"error": {"code": "X9", "message": "no"}},
            {"error": {"retry": True}},
        ]
        return [{"key": call["key"], **each} for call, each in zip(calls, told, strict=False)]

    services = FakeServices(answer)

    store, answered = run(
        FakeConnection([]), *(leased(NODE, i) for i in (1, 2, 3, 4)), system=FUNCTION, services=services
    )

    [(function, calls)] = services.batches
    assert (function, len(calls)) == ("scores", 4)
    assert calls[0].keys() == {"key", "operation", "order", "request"}
    # The fourth was not answered, the third is to come again.
    assert (answered["done"], answered["failed"], answered["retried"]) == (1, 1, 2)
    codes = [store.committed[i].events[0].detail.get("code") for i in (2, 3, 4)]
    # The sheet has a code of its own for a refusal.
    assert codes == ["refused", "function_failed", "answer_missing"]


@pytest.mark.parametrize("answer", [None, {}, [1], [{"values": {}}], "text"])
def test_a_function_that_answers_something_else_is_asked_again(answer: Any) -> None:
    _, answered = run(FakeConnection([]), leased(NODE), system=FUNCTION, services=FakeServices(answer))

    assert answered["retried"] == 1


def test_a_function_that_fails_has_answered_no_order() -> None:
    systems = FakeSystems()
    services = FakeServices(NoAnswerError("it failed", code="function_failed"))

    _, answered = run(
        FakeConnection([]), leased(NODE, 1), leased(NODE, 2), system=FUNCTION, systems=systems, services=services
    )

    assert (answered["retried"], systems.recorded[0].unanswered, len(services.batches)) == (2, 2, 1)


def test_a_queue_takes_the_request_and_the_order_waits_for_the_message() -> None:
    found = imported({"later": "fraud_checked"}).plan
    assert found is not None
    token, services = leased(NODE), FakeServices()
    store = SystemStore(tokens=[token], plan=found)
    breaker = CircuitBreaker(system="fraud", circuits=FakeCircuits(), settings=SETTINGS)
    state = StateRun(function="call_system", request_id="r", parallel=1)
    references, queue = [TokenReference(token_id=1, version=3)], dataclasses.replace(FRAUD, url="", queue="checks")

    call_system(queue, references, FakeConnection([]), services, FakeSystems(), store, state, breaker, 26.0)

    [(name, request)] = services.queued
    assert (name, request["key"], request["order"]) == ("checks", f"{token.order_id}:{NODE}:1", "N-1")
    assert request["answer_as"] == "fraud_checked"
    assert store.committed[1].moved_tokens[0].place.waits is Waits.MESSAGE
