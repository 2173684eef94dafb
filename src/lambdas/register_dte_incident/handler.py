"""A step of the state machine dte_incident: the failed tax document becomes an incident."""

from typing import Any

from mtd.config import config
from mtd.entrypoints import composition
from mtd.entrypoints.logs import set_up_logs
from mtd.entrypoints.states import references
from mtd.usecases.dte_incident import register_dte_incident
from mtd.usecases.run_state import StateRun
from mtd.usecases.trail import hop

set_up_logs()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    execution = hop("Step Functions", "dte_incident", at=event["started_at"], request_id=event["execution"])
    run = StateRun(
        function=config().function,
        request_id=context.aws_request_id,
        hops=(*event.get("hops", []), execution),
        retry_base_seconds=config().retry_base_seconds,
    )
    return register_dte_incident(references({"tokens": [event["token"]]})[0], composition.work(), run)
