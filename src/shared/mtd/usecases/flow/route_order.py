"""From transition messages to one API call per state and batch: verify where each token stands, call its server."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mtd.domain.errors import MtdError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import CANCELLATION
from mtd.engine.model.tokens import Waits
from mtd.usecases.flow.cases import CurrentToken, Reference
from mtd.usecases.flow.fire_timers import fire_timers
from mtd.usecases.flow.trace import Hop
from mtd.usecases.ports import FlowStore, StateMachines, StatesApi

LOG = logging.getLogger(__name__)

LARGEST_BATCH = 100
"""Tokens in one state call: at 100 ms a legacy call and 8 at a time, well inside API Gateway's 29 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionMessage:
    """A message of the transitions queue: the tokens it speaks of and how it came."""

    message_id: str
    references: tuple[Reference, ...]
    hop: Hop


def route_order(
    messages: Sequence[TransitionMessage],
    work: FlowStore,
    api: StatesApi,
    machines: StateMachines,
    hop: Hop,
    at_once: int = 1,
) -> list[str]:
    """Call every state's server, `at_once` of them at a time, and fire the timers that are due; the ids of the messages
    that must come again.

    A token that has gone on, or is leased, is skipped: its message is stale.
    """
    origin = {reference.token_id: message for message in reversed(messages) for reference in message.references}
    places = work.current([r for message in messages for r in message.references])
    plans = work.plans(sorted({place.process_version_id for place in places}))
    groups: dict[str, list[CurrentToken]] = defaultdict(list)
    failed: set[str] = set()
    fresh = {place.token_id: place for place in places}.values()
    due = [place for place in fresh if place.waits is Waits.TIME]
    if due:
        came = [origin[due[0].token_id].hop, hop]
        fire_timers(due, plans, work, hop["what"], came)
    for place in fresh:
        if place.waits is not Waits.SERVICE:
            continue
        if place.node == CANCELLATION:
            groups["api:/states/cancellation"].append(place)
            continue
        plan = plans.get(place.process_version_id)
        node = plan.nodes.get(place.node) if plan else None
        if node is None or not node.binding or node.binding.startswith("lambda:"):
            LOG.error("no one serves the token", extra={"order_id": str(place.order_id), "state": place.node})
            failed.add(origin[place.token_id].message_id)
            continue
        groups[_resolve(node.binding, place)].append(place)
    calls = [(binding, chunk) for binding, group in groups.items() for chunk in _split(binding, group)]
    with ThreadPoolExecutor(max(1, min(len(calls), at_once))) as pool:
        for chunk, error in pool.map(
            lambda call: (call[1], _call(call[0], call[1], origin, api, machines, hop)), calls
        ):
            if error is not None:
                failed |= {origin[place.token_id].message_id for place in chunk}
    return sorted(failed)


def _resolve(binding: str, place: CurrentToken) -> str:
    return binding.replace("{failed}", str(place.data.get("failed", "")))


def _split(binding: str, places: list[CurrentToken]) -> list[list[CurrentToken]]:
    """The calls of one server. Tokens whose function was cut off go alone: one of them may be what took it down."""
    if binding.startswith("state_machine:"):
        return _chunks(places, 1)
    calm = [place for place in places if not place.outcome_unknown]
    return _chunks(calm, LARGEST_BATCH) + _chunks([place for place in places if place.outcome_unknown], 1)


def _chunks(places: list[CurrentToken], size: int) -> list[list[CurrentToken]]:
    return [places[i : i + size] for i in range(0, len(places), size)]


def _call(
    binding: str,
    places: Sequence[CurrentToken],
    origin: Mapping[int, TransitionMessage],
    api: StatesApi,
    machines: StateMachines,
    hop: Hop,
) -> MtdError | None:
    scheme, _, target = binding.partition(":")
    hops = [origin[places[0].token_id].hop, hop]
    tokens = [{"token_id": place.token_id, "version": place.version} for place in places]
    try:
        if scheme == "state_machine":
            place = places[0]
            # A retry after a lost lease or by the relay is a new execution, a doubled message the same one: Step
            # Functions takes no name of a failed execution again for 90 days.
            due = int(place.due_at.timestamp())
            execution = f"{place.order_id}-{place.token_id}-{place.version}-{place.attempts}-{due}"
            body: Json = {"token": tokens[0], "order_id": str(place.order_id), "hops": hops}
            machines.start(target, execution, body)
        else:
            api.post(target, {"tokens": tokens, "hops": hops})
    except MtdError as error:
        LOG.warning("not served", extra={"binding": binding, "tokens": len(places), "reason": str(error)})
        return error
    return None
