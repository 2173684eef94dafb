"""A task of a connected system: the system is asked for the order, and the order keeps what the answer gives.

Each visit of the task has an idempotency key. After a try whose outcome is unknown, a system that declares `recover` is
asked by the key what it has done; any other gets the same call with the same key again.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from mtd.domain.errors import BusinessError, MtdError, ProcessError, RetryableError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.domain.systems.system import System, SystemOperation
from mtd.engine.model.plan import Plan, ServerCall
from mtd.engine.rules import evaluator
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import interpreter
from mtd.usecases.flow.apply_trigger import system_server
from mtd.usecases.flow.circuit_breaker import CircuitBreaker
from mtd.usecases.flow.effects import EffectResult, StateRun
from mtd.usecases.flow.run_state import run_batch
from mtd.usecases.flow.tokens import LeasedToken, OrderSnapshot, TokenReference
from mtd.usecases.flow.trace import hop
from mtd.usecases.ports import FlowStore
from mtd.usecases.systems.own_connection import OwnRequest, own_connection
from mtd.usecases.systems.ports import (
    OwnServices,
    Snapshots,
    SystemAnswer,
    SystemConnection,
    SystemRequest,
    Systems,
)
from mtd.usecases.systems.read_answer import read_answer, refusal
from mtd.usecases.systems.turns import CallTimes, Turns, take_turns

_ACCEPTED = 202
_NOT_COUNTED = "0"
"""The visit of a token that came to its task by a transfer to another version. Counted visits begin at 1."""


class SystemStore(FlowStore, Snapshots, Protocol):
    """The write side of PostgreSQL, and orders as they stand."""


def call_system(
    system: System,
    references: Sequence[TokenReference],
    connection: SystemConnection,
    services: OwnServices,
    systems: Systems,
    store: SystemStore,
    run: StateRun,
    breaker: CircuitBreaker,
    budget_seconds: float,
) -> Json:
    """Call the system for every token that is still there, within the time. Returns what `run_state` returns."""
    if system.has_workers:
        # The task waits for one of them.
        return {"state": system_server(system.name), "skipped": len(references)}
    times = CallTimes()

    def prepare(tokens: Sequence[LeasedToken], plans: Mapping[int, Plan]) -> "SystemEffect":
        snapshots = store.snapshots(list({token.order_id for token in tokens})) if tokens else {}
        way: SystemConnection = connection
        if system.function or system.queue:
            way = own_connection(system, _requests(system, tokens, plans, snapshots), services)
        return SystemEffect(
            system=system,
            connection=way,
            plans=plans,
            snapshots=snapshots,
            turns=take_turns(system, [token.token_id for token in tokens], systems, budget_seconds),
            times=times,
        )

    run = replace(run, parallel=system.parallel)
    answer = run_batch(system_server(system.name), references, prepare, store, run, breaker)
    if (counts := times.counts()) is not None:
        systems.record_calls(system.name, counts)
    return answer


def _requests(
    system: System,
    tokens: Sequence[LeasedToken],
    plans: Mapping[int, Plan],
    snapshots: Mapping[UUID, OrderSnapshot],
) -> list[OwnRequest]:
    """The requests of a batch, without those of orders that lack what is to be sent: their effects say so."""
    found: list[OwnRequest] = []
    for token in tokens:
        with suppress(MtdError):
            prepared = prepare_call(system, token, plans, snapshots)
            name, number = prepared.operation.name, token.order.number
            found.append(OwnRequest(request=prepared.request, operation=name, order=number, later=prepared.later))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCall:
    """The call of one token: what is sent, under which key, and what the answer is read with."""

    call: ServerCall
    operation: SystemOperation
    request: SystemRequest
    facts: Facts
    #: The message with the answer, for which the task waits where the system answers 202 (RFC 9110, 15.3.3).
    later: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemEffect:
    """The effect of a batch's tasks at the system."""

    system: System
    connection: SystemConnection
    plans: Mapping[int, Plan]
    snapshots: Mapping[UUID, OrderSnapshot]
    turns: Turns
    times: CallTimes

    def __call__(self, token: LeasedToken) -> EffectResult:
        prepared = prepare_call(self.system, token, self.plans, self.snapshots)
        recovers = (token.attempts > 1 or token.outcome_unknown) and self.system.recover is not None
        timeout = self.turns.begin(token.token_id, calls=2 if recovers else 1)
        started = time.perf_counter()
        try:
            answer, recovered = self._ask(prepared, recovers, timeout)
            accepted = answer.status == _ACCEPTED and prepared.later is not None
            values = {} if accepted else read_answer(prepared.call, answer, prepared.facts)
        except MtdError as failed:
            self.times.add((time.perf_counter() - started) * 1000, failed)
            failed.payload = failed.payload or payload_of(self.system, prepared.request)
            raise
        ms = (time.perf_counter() - started) * 1000
        self.times.add(ms, None)
        name = prepared.operation.name
        detail: Json = {"system": self.system.name, "operation": name, "status": answer.status}
        what = f"{name} recovered" if recovered else name
        return EffectResult(
            detail=detail | ({"values": values} if values else {}),
            values=values,
            accepted=accepted,
            hops=(hop(self.system.name, what, ms=ms, request_id=prepared.request.key),),
        )

    def _ask(self, prepared: PreparedCall, recovers: bool, timeout: float) -> tuple[SystemAnswer, bool]:
        """The answer, and whether the system had given it to an earlier try."""
        key = prepared.request.key
        path = self.system.recovery_path(key) if recovers and key is not None else None
        if path is not None:
            done = self.connection.send(self.system, SystemRequest(method="GET", path=path), timeout)
            if done.status < 300:
                return done, True
            if done.status != 404:
                raise _unknown(refusal(done))
        return self.connection.send(self.system, prepared.request, timeout), False


def _unknown(error: MtdError) -> MtdError:
    """While the system does not say what it has done, the order waits: a refusal to say refuses no order."""
    if isinstance(error, RetryableError):
        return error
    return RetryableError(f"what the system has done is not known: {error}", code="recovery_failed")


def prepare_call(
    system: System, token: LeasedToken, plans: Mapping[int, Plan], snapshots: Mapping[UUID, OrderSnapshot]
) -> PreparedCall:
    """The token's call. Raises BusinessError for an order that lacks what is to be sent, ProcessError for a plan whose
    task the system cannot serve."""
    plan, snapshot = plans.get(token.process_version_id), snapshots.get(token.order_id)
    own = snapshot.token_of_row(token.token_id) if snapshot else None
    if plan is None or snapshot is None or own is None:
        raise RetryableError("the order has gone on meanwhile", code="token_gone")
    node = plan.nodes[token.node]
    name = (node.binding or "").partition("/")[2]
    if node.call is None:
        raise ProcessError(f"the task {node.name!r} does not say what to send", code="nobody_serves")
    try:
        operation = system.operation(name)
    except KeyError:
        raise ProcessError(f"{system.name} declares no operation {name!r} any more", code="nobody_serves") from None
    known: Facts = facts(token.order, snapshot.values)
    around = own.scope if own.element is None else own.id
    if around is not None:
        known = interpreter.facts_at(plan, snapshot.tokens, around, known)
    key = idempotency_key(token.order_id, token.node, own.visit)
    return PreparedCall(
        call=node.call,
        operation=operation,
        request=request_of(operation, node.call, known, key),
        facts=known,
        later=node.code,
    )


def request_of(operation: SystemOperation, call: ServerCall, known: Facts, key: str) -> SystemRequest:
    """The request for an order. Raises BusinessError for one that lacks what is to be sent."""
    try:
        sent: Json = evaluator.captured(evaluator.evaluate(call.send, known))
        path, body = operation.target(sent)
    except ProcessError as error:
        raise BusinessError(f"the order lacks what {operation.name} is sent: {error}", code=error.code) from None
    except KeyError as missing:
        raise BusinessError(f"'send' gives no {missing} for the path {operation.path}", code="unknown_fact") from None
    return SystemRequest(method=operation.method, path=path, body=body, key=key)


def payload_of(system: System, request: SystemRequest) -> Json:
    """The request as an incident shows it. Credentials are no part of it."""
    return {
        "system": system.name,
        "method": request.method,
        "path": request.path,
        "key": request.key,
        "body": None if request.body is None else dict(request.body),
    }


def idempotency_key(order_id: UUID, node: str, visit: str | None) -> str:
    """The key of the call: order, task, instance and visit."""
    return f"{order_id}:{node}:{visit or _NOT_COUNTED}"
