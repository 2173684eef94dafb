"""POST /states/{state} and /errors/{state}: a batch of tokens through one effect."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.config import config
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints.api import ApiEvent, ApiHandler, api_handler, api_hop
from mtd.entrypoints.composition import circuit_settings, circuits, flow_store
from mtd.usecases.flow.circuit_breaker import CircuitBreaker
from mtd.usecases.flow.effects import Effect, StateRun
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.tokens import TokenReference
from mtd.usecases.flow.trace import read_hops

_BEGIN_SECONDS = 15.0
"""An effect that begins so late still has time for two calls of 5 s each, and for the commit, before the 29 s are over
that API Gateway waits."""
# The limits of PostgreSQL's types of the two columns.
_BIGINT, _INTEGER = 2**63, 2**31


def state_handler(
    state: str, effect: Callable[[], Effect], *, parallel: int = 1, system: str | None = None
) -> ApiHandler:
    """A Lambda handler for one node of the process; `parallel` calls at a time where the effect waits for others.

    `system` is the legacy system that the effect calls. Its circuit parks the orders.
    """

    def work_on(tokens: list[TokenReference], run: StateRun) -> Json:
        timely = replace(run, begin_seconds=_BEGIN_SECONDS)
        return run_state(state, tokens, effect(), flow_store(), timely, circuit_of(system) if system else None)

    return run_handler(work_on, parallel=parallel)


def circuit_of(system: str) -> CircuitBreaker:
    """The circuit of that system."""
    return CircuitBreaker(system=system, circuits=circuits(), settings=circuit_settings())


def run_handler(work_on: Callable[[list[TokenReference], StateRun], Json], *, parallel: int = 1) -> ApiHandler:
    """A Lambda handler that passes a batch of tokens to `work_on`."""
    return system_handler(lambda _event, tokens, run: work_on(tokens, run), parallel=parallel)


def system_handler(
    work_on: Callable[[ApiEvent, list[TokenReference], StateRun], Json], *, parallel: int = 1
) -> ApiHandler:
    """The same, where the event says which system is to be called."""

    def serve(event: ApiEvent, body: Json, context: Any) -> Json:
        run = StateRun(
            function=config().function,
            request_id=context.aws_request_id,
            hops=(*read_hops(body.get("hops")), api_hop(event)),
            retry_base_seconds=config().retry_base_seconds,
            parallel=parallel,
        )
        answer = work_on(event, references(body), run)
        counts = {name: number for name, number in answer.items() if name != "state"}
        count(run.function, {"orders": len(body["tokens"]), **counts})
        return answer

    return api_handler(serve)


def references(body: Json) -> list[TokenReference]:
    """The body's tokens. Raises InvalidRequest."""
    tokens = body.get("tokens")
    if not isinstance(tokens, list) or not all(_is_token(token) for token in tokens):
        raise InvalidRequest("tokens must be a list of {token_id, version}, both integers", code="tokens_malformed")
    return [TokenReference(token_id=token["token_id"], version=token["version"]) for token in tokens]


def _is_token(token: Any) -> bool:
    return (
        isinstance(token, dict)
        and type(token.get("token_id")) is int
        and type(token.get("version")) is int
        and abs(token["token_id"]) < _BIGINT
        and abs(token["version"]) < _INTEGER
    )
