"""A lane of SQS `transitions`: verify where the tokens are, then make one call per state and batch to its API."""

from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.config import config
from mtd.domain.json_types import Json
from mtd.domain.lanes import MAIN
from mtd.entrypoints import composition, sqs
from mtd.entrypoints.states import references
from mtd.usecases.flow.route_order import TransitionMessage, route_order
from mtd.usecases.flow.trace import hop


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    messages, malformed = sqs.sort_out(event["Records"], _message)
    here = hop("Lambda", config().function, request_id=context.aws_request_id)
    api, machines = composition.states(), composition.state_machines()
    failed = route_order(
        messages,
        composition.flow_store(),
        api,
        machines,
        composition.queues(),
        here,
        config().state_calls_at_once,
        lane=_lane(event["Records"][0]),
    )
    orders = sum(len(message.references) for message in messages)
    count(config().function, {"orders": orders, "failed": len(failed) + len(malformed)})
    return sqs.failures([*failed, *malformed])


def _lane(record: sqs.Record) -> str:
    """The lane of a batch, whose records are of one queue: mtd-local-transitions-eom is `transitions-eom`."""
    return str(record["eventSourceARN"]).removeprefix(record["eventSourceARN"].partition(MAIN)[0])


def _message(record: sqs.Record, content: Json) -> TransitionMessage:
    return TransitionMessage(
        message_id=record["messageId"],
        references=tuple(references(content)),
        hop=sqs.sqs_hop(record),
    )
