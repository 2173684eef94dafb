"""The error way of the tax document, in two steps of the state machine `dte_incident`.

`register_dte_incident` writes the incident, and the token stays. `notify_dte_incident` asks for the customer's mail and
ends the order. Both may run again: the incident is unique for its token, the mail for its order and kind.
"""

from mtd.domain.errors import NotFound
from mtd.domain.json_types import Json
from mtd.domain.orders.mail import why_no_mail
from mtd.usecases.flow.changes import Changes, OrderEvent
from mtd.usecases.flow.control_error import incident_of_failure
from mtd.usecases.flow.effects import EffectResult, StateRun
from mtd.usecases.flow.failures import fail_unreadable
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.tokens import LeasedToken, TokenReference
from mtd.usecases.flow.trace import hop
from mtd.usecases.ports import FlowStore

NODE = "dte_incident"


def register_dte_incident(reference: TokenReference, store: FlowStore, run: StateRun) -> Json:
    """Write the incident. Returns the input of the next step.

    Raises NotFound when the token has moved on. The state machine ends well then.
    """
    leased = store.lease(NODE, [reference])
    fail_unreadable(store, leased.unreadable, run.function)
    if not leased.tokens:
        raise NotFound("the token has moved on, or a function works on it", code="stale_token")
    [token] = leased.tokens
    with store.unit_of_work([token]) as unit:
        if unit.locked(token) is not None:
            unit.write(_registered(token, run))
    return {"token_id": token.token_id, "version": token.version, "order_id": str(token.order_id)}


def _registered(token: LeasedToken, run: StateRun) -> Changes:
    changes, incident = Changes(), incident_of_failure(token)
    changes.fail(incident)
    changes.release(token)
    hops = [*run.hops, hop("Lambda", run.function, request_id=run.request_id)]
    changes.record(
        OrderEvent(
            order_id=token.order_id,
            who=run.function,
            source="Step Functions",
            what="incident registered",
            from_state=token.node,
            to_state=token.node,
            request_id=run.request_id,
            detail={"failed": incident.state, "code": incident.code, "hops": hops},
        )
    )
    return changes


def notify_dte_incident(reference: TokenReference, store: FlowStore, run: StateRun) -> Json:
    """Ask for the mail to the customer and end the token as an exception."""
    return run_state(NODE, [reference], _notify, store, run)


def _notify(token: LeasedToken) -> EffectResult:
    failed, no_mail = token.data, why_no_mail(token.order)
    return EffectResult(
        detail={"mail": no_mail} if no_mail else {},
        mails=() if no_mail else ("dte_incident",),
        end_reason=f"{failed.get('failed')}: {failed.get('message')} ({failed.get('code')})",
    )
