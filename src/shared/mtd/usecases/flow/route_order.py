"""From transition messages to one API call per state and batch: verify where each token is, then call its server."""

import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mtd.domain.errors import MtdError, ProcessError
from mtd.domain.json_types import Json
from mtd.domain.lanes import MAIN, lane_of
from mtd.engine.model.plan import CANCELLATION, Plan
from mtd.engine.model.tokens import Waits
from mtd.usecases.flow.apply_trigger import server_of
from mtd.usecases.flow.failures import fail_order, snapshot_of_all
from mtd.usecases.flow.fire_timers import fire_timers
from mtd.usecases.flow.tokens import CurrentToken, TokenReference, rounds
from mtd.usecases.flow.trace import Hop
from mtd.usecases.ports import FlowStore, Queues, StateMachines, StatesApi

LOG = logging.getLogger(__name__)

LARGEST_BATCH = 100
"""Tokens in one state call: at 100 ms a legacy call and 8 at a time, well inside API Gateway's 29 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionMessage:
    """A message of a lane of the queue `transitions`: the tokens that it names, and its hop."""

    message_id: str
    references: tuple[TokenReference, ...]
    hop: Hop


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One call of a server for some of the tokens that wait for it."""

    binding: str
    lane: str
    tokens: Sequence[CurrentToken]
    hops: tuple[Hop, ...]

    @property
    def references(self) -> list[Json]:
        return [{"token_id": token.token_id, "version": token.version} for token in self.tokens]


def route_order(
    messages: Sequence[TransitionMessage],
    store: FlowStore,
    api: StatesApi,
    machines: StateMachines,
    queues: Queues,
    hop: Hop,
    at_once: int = 1,
    lane: str = MAIN,
) -> list[str]:
    """Fire what is due, and call every state's server, `at_once` calls at a time.

    Timers are due at their time, tokens that wait for a signal once another order has thrown it, those that wait for a
    message when it came before them. `lane` is the queue of the messages: in the main lane, tokens of another one are
    handed on to it, so that nothing waits here for their system.

    Returns the ids of the messages that must come again. A token that has gone on, or is leased, is skipped, since its
    message is stale. An order whose task nothing serves becomes an exception.
    """
    origin = {reference.token_id: message for message in reversed(messages) for reference in message.references}
    current = store.current([reference for message in messages for reference in message.references])
    tokens = list({token.token_id: token for token in current}.values())
    plans = store.plans(sorted({token.process_version_id for token in tokens}))

    if due := [token for token in tokens if token.waits in (Waits.TIME, Waits.SIGNAL, Waits.MESSAGE)]:
        fire_timers(due, plans, store, hop["what"], [origin[due[0].token_id].hop, hop])

    failed: set[str] = set()
    unserved: list[tuple[CurrentToken, MtdError]] = []
    calls = _calls([token for token in tokens if token.waits is Waits.SERVICE], plans, origin, hop, unserved)
    if lane == MAIN:
        failed |= _hand_on([call for call in calls if call.lane != MAIN], queues, origin)
        calls = [call for call in calls if call.lane == MAIN]
    with ThreadPoolExecutor(max(1, min(len(calls), at_once))) as pool:
        errors = pool.map(lambda call: _serve(call, api, machines), calls)
        for call, error in zip(calls, errors, strict=True):
            if isinstance(error, ProcessError):
                unserved += [(token, error) for token in call.tokens]
            elif error is not None:
                failed |= {origin[token.token_id].message_id for token in call.tokens}
    _fail_unserved(unserved, store, hop)
    return sorted(failed)


def _calls(
    tokens: Sequence[CurrentToken],
    plans: Mapping[int, Plan],
    origin: Mapping[int, TransitionMessage],
    hop: Hop,
    unserved: list[tuple[CurrentToken, MtdError]],
) -> list[_Call]:
    """The calls for the tokens. Tokens without a server go to `unserved`."""
    groups: dict[tuple[str, str], list[CurrentToken]] = defaultdict(list)
    for token in tokens:
        try:
            groups[_server(token, plans)].append(token)
        except ProcessError as error:
            unserved.append((token, error))
    return [
        _Call(binding=binding, lane=lane, tokens=chunk, hops=(origin[chunk[0].token_id].hop, hop))
        for (binding, lane), group in groups.items()
        for chunk in _split(binding, group)
    ]


def _server(token: CurrentToken, plans: Mapping[int, Plan]) -> tuple[str, str]:
    """The binding of the token's server, and its lane. Raises ProcessError `nobody_serves`."""
    if token.node == CANCELLATION:
        return "api:/states/cancellation", lane_of(CANCELLATION)
    plan = plans.get(token.process_version_id)
    node = plan.nodes.get(token.node) if plan else None
    if node is None or not node.binding or node.binding.startswith("lambda:"):
        raise ProcessError(
            f"nothing serves the task {token.node!r}: deploy its server and retry, or move the order",
            code="nobody_serves",
        )
    if node.binding.startswith("system:"):
        # One call takes the tokens of all tasks of the system.
        return server_of(node), lane_of(server_of(node))
    return node.binding.replace("{failed}", str(token.data.get("failed", ""))), lane_of(server_of(node))


def _split(binding: str, tokens: list[CurrentToken]) -> list[list[CurrentToken]]:
    """The tokens of each call of one server. A token whose function was cut off goes alone: it may be the cause."""
    if binding.startswith("state_machine:"):
        return _chunks(tokens, 1)
    calm = [token for token in tokens if not token.outcome_unknown]
    return _chunks(calm, LARGEST_BATCH) + _chunks([token for token in tokens if token.outcome_unknown], 1)


def _chunks(tokens: list[CurrentToken], size: int) -> list[list[CurrentToken]]:
    return [tokens[i : i + size] for i in range(0, len(tokens), size)]


def _hand_on(calls: Sequence[_Call], queues: Queues, origin: Mapping[int, TransitionMessage]) -> set[str]:
    """Send the calls' tokens to their lanes. Returns the ids of the messages whose tokens could not be sent."""
    failed: set[str] = set()
    for call in calls:
        try:
            queues.send(call.lane, [json.dumps({"tokens": call.references}, separators=(",", ":"))])
        except MtdError as error:
            LOG.warning("not handed on", extra={"lane": call.lane, "tokens": len(call.tokens), "reason": str(error)})
            failed |= {origin[token.token_id].message_id for token in call.tokens}
    return failed


def _serve(call: _Call, api: StatesApi, machines: StateMachines) -> MtdError | None:
    """Call the server. Returns the error of a call that failed."""
    scheme, _, target = call.binding.partition(":")
    references = call.references
    try:
        if scheme == "state_machine":
            [token] = call.tokens
            body: Json = {"token": references[0], "order_id": str(token.order_id), "hops": list(call.hops)}
            machines.start(target, _execution_name(token), body)
        elif scheme == "system":
            api.post(f"/systems/{target}", {"tokens": references, "hops": list(call.hops)})
        else:
            api.post(target, {"tokens": references, "hops": list(call.hops)})
    except MtdError as error:
        LOG.warning("not served", extra={"binding": call.binding, "tokens": len(call.tokens), "reason": str(error)})
        return error
    except Exception as unknown:
        # One server's call must not take the others of its batch along.
        LOG.exception("call failed", extra={"binding": call.binding, "tokens": len(call.tokens)})
        return MtdError(f"{type(unknown).__name__}: {unknown}", code="unexpected")
    return None


def _execution_name(token: CurrentToken) -> str:
    """The name of a token's execution: another one for each retry, the same one for a doubled message.

    Step Functions does not take the name of a failed execution again for 90 days.
    """
    due = int(token.due_at.timestamp())
    return f"{token.order_id}-{token.token_id}-{token.version}-{token.attempts}-{due}"


def _fail_unserved(unserved: Sequence[tuple[CurrentToken, MtdError]], store: FlowStore, hop: Hop) -> None:
    """End each order as an exception at its task. A person binds the task anew, and retries."""
    errors = {token.token_id: error for token, error in unserved}
    for batch in rounds([token for token, _ in unserved]):
        with store.unit_of_work(batch) as unit:
            for token in batch:
                if (locked := unit.locked(token)) is not None:
                    snapshot = snapshot_of_all(locked)
                    error = errors[token.token_id]
                    detail = {"hops": [hop]}
                    unit.write(fail_order(token, error, snapshot=snapshot, who=hop["what"], detail=detail))
