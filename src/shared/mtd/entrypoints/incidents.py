"""The steps of the state machine dte_incident: the token and hops of its input, one use case."""

from collections.abc import Callable
from typing import Any

from mtd.config import config
from mtd.domain.json_types import Json
from mtd.entrypoints.composition import flow_store
from mtd.entrypoints.logs import set_up_logs
from mtd.entrypoints.states import references
from mtd.usecases.flow.effects import StateRun
from mtd.usecases.flow.tokens import TokenReference
from mtd.usecases.flow.trace import hop, read_hops
from mtd.usecases.ports import FlowStore

set_up_logs()

type Step = Callable[[TokenReference, FlowStore, StateRun], Json]


def incident_handler(step: Step) -> Callable[[dict[str, Any], Any], Json]:
    """A Lambda handler of one step. The state machine retries or catches its errors by the name of their class."""

    def handler(event: dict[str, Any], context: Any) -> Json:
        execution = hop("Step Functions", "dte_incident", at=event["started_at"], request_id=event["execution"])
        run = StateRun(
            function=config().function,
            request_id=context.aws_request_id,
            hops=(*read_hops(event.get("hops")), execution),
            retry_base_seconds=config().retry_base_seconds,
        )
        return step(references({"tokens": [event["token"]]})[0], flow_store(), run)

    return handler
