"""The error way of the tax document, in two steps of the state machine `dte_incident`.

`register_dte_incident` writes the incident while the token stays where it is; `notify_dte_incident` tells the customer
and ends the token. Both may run again: the incident is unique by token, the mail by order and kind.
"""

from mtd.domain.errors import NotFound
from mtd.domain.json_types import Json
from mtd.domain.orders.mail import why_no_mail
from mtd.usecases.flow.cases import Changes, EffectResult, LeasedToken, Reference
from mtd.usecases.flow.control_error import record_incident
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.state_outcome import StateRun
from mtd.usecases.flow.trace import hop
from mtd.usecases.ports import FlowStore

NODE = "dte_incident"


def register_dte_incident(reference: Reference, work: FlowStore, run: StateRun) -> Json:
    """Write the incident; the input of the next step.

    Raises NotFound when the token has gone on, which ends the execution well.
    """
    cases = work.lease(NODE, [reference]).cases
    if not cases:
        raise NotFound("the token has gone on or is being worked on", code="stale_token")
    case = cases[0]
    done = record_incident(case)
    changes = Changes()
    assert done.incident is not None
    order_id = str(case.order_id)
    changes.incidents.append(
        {"order_id": order_id, "token_id": case.token_id, "version": case.version, **done.incident}
    )
    changes.releases.append({"token_id": case.token_id, "version": case.version})
    changes.events.append(
        {
            "order_id": order_id,
            "who": run.function,
            "source": "Step Functions",
            "what": "incident registered",
            "from_state": case.node,
            "to_state": case.node,
            "request_id": run.request_id,
            "detail": {
                **done.detail,
                "hops": [*run.hops, hop("Lambda", run.function, request_id=run.request_id)],
            },
        }
    )
    work.commit(cases, lambda _case, _held: changes)
    return {"token_id": case.token_id, "version": case.version, "order_id": order_id}


def notify_dte_incident(reference: Reference, work: FlowStore, run: StateRun) -> Json:
    """Ask for the mail to the customer and end the token as an exception."""

    def notify(case: LeasedToken) -> EffectResult:
        failed = case.data
        no_mail = why_no_mail(case.order)
        return EffectResult(
            detail={"mail": no_mail} if no_mail else {},
            mails=() if no_mail else ("dte_incident",),
            outcome_reason=f"{failed.get('failed')}: {failed.get('message')} ({failed.get('code')})",
        )

    return run_state(NODE, [reference], notify, work, run)
