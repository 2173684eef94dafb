"""Orders that cannot go on: the exception, its incident, and the tokens that a retry puts back."""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from mtd.domain.errors import Conflict, MtdError, ProcessError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Token, TokenChanges, Trigger, token_from_json, token_json
from mtd.engine.runtime.restoring import renumbered
from mtd.engine.runtime.step_state import CannotGoOn
from mtd.usecases.flow.apply_trigger import apply_trigger
from mtd.usecases.flow.changes import Changes, Incident, OrderEvent
from mtd.usecases.flow.tokens import CurrentToken, LeasedToken, LockedOrder, UnreadableToken
from mtd.usecases.ports import FlowStore

LOG = logging.getLogger(__name__)

_LONGEST_MESSAGE = 500


def fingerprint(state: str, code: str) -> str:
    """The hash of state and stable code: equal for incidents of one cause."""
    return hashlib.sha256(f"{state}\n{code}".encode()).hexdigest()[:16]


def incident_of(token: CurrentToken | LeasedToken, error: MtdError, snapshot: Json) -> Incident:
    """The incident of an error at the token's node."""
    return Incident(
        order_id=token.order_id,
        token_id=token.token_id,
        version=token.version,
        state=token.node,
        code=error.code,
        message=str(error)[:_LONGEST_MESSAGE],
        fingerprint=fingerprint(token.node, error.code),
        attempts=token.attempts,
        kind=error.kind,
        payload=error.payload,
        snapshot=snapshot,
    )


def fail_order(
    token: CurrentToken | LeasedToken, error: MtdError, *, snapshot: Json, who: str, detail: Json
) -> Changes:
    """End the order as an exception whose incident names the error. `detail` goes with the event.

    Where the process cannot go on, the event names the `node` of that, too.

    This is the last resort for an order that no plan can move or no table can keep, so that its batch can go on.
    """
    changes, incident = Changes(), incident_of(token, error, snapshot)
    changes.delete(token)
    changes.end(token.order_id, "exception", _reason(incident))
    changes.fail(incident)
    changes.record(
        OrderEvent(
            order_id=token.order_id,
            who=who,
            what="failed",
            from_state=token.node,
            to_state="exception",
            detail={"code": incident.code, "message": incident.message, **place_of(error), **detail},
        )
    )
    return changes


def process_error(error: Exception) -> ProcessError:
    """The error for which an order cannot go on. An unknown one is of this order alone: its batch goes on."""
    if isinstance(error, ProcessError):
        return error
    return ProcessError(f"{type(error).__name__}: {error}"[:_LONGEST_MESSAGE], code="unexpected")


def fail_unreadable(store: FlowStore, unreadable: Sequence[UnreadableToken], who: str) -> None:
    """End the orders of a lease whose content this code cannot read as exceptions. They do not fail their batch."""
    for each in unreadable:
        token = each.token
        LOG.error("order unreadable", extra={"order_id": str(token.order_id), "state": token.node})
        with store.unit_of_work([token]) as unit:
            if (locked := unit.locked(token)) is not None:
                unit.write(fail_order(token, each.error, snapshot=snapshot_of_all(locked), who=who, detail={}))


def fail_registration(order_id: UUID, tokens: Sequence[Token], error: ProcessError) -> tuple[Changes, str]:
    """The incident of an order whose process cannot begin, and the reason of its end as an exception.

    `tokens` are those from which a retry begins it. No row of theirs exists.
    """
    state = tokens[0].node
    incident = Incident(
        order_id=order_id,
        token_id=None,
        version=1,
        state=state,
        code=error.code,
        message=str(error)[:_LONGEST_MESSAGE],
        fingerprint=fingerprint(state, error.code),
        attempts=0,
        kind=error.kind,
        payload=error.payload,
        snapshot=_snapshot(tokens, goes_on=False),
    )
    changes = Changes()
    changes.fail(incident)
    return changes, _reason(incident)


def place_of(error: MtdError) -> Json:
    """The `node` where the process cannot go on, for the detail of an event."""
    return {"node": error.node} if isinstance(error, CannotGoOn) else {}


def _reason(incident: Incident) -> str:
    return f"{incident.state}: {incident.message} ({incident.code})"


def snapshot_of_all(locked: LockedOrder) -> Json:
    """The snapshot of all tokens of an order that cannot go on at all."""
    return _snapshot(locked.tokens.values(), goes_on=False)


def snapshot_before_failure(failure: Json, locked: LockedOrder, own: int, step: TokenChanges | None) -> Json:
    """The snapshot of the tokens before the failure, with those that the error way has consumed since.

    `failure` is the data of the token `own`, which is on the error way. `step` is the latest step there; None when the
    order cannot go on and loses all of its tokens.
    """
    before = [token_from_json(each) for each in failure.get("stood") or ()]
    lost = {
        number: token
        for number, token in locked.tokens.items()
        if number != own and (step is None or number in step.consumed)
    }
    goes_on = step is not None and step.outcome is None and own not in step.consumed
    return _snapshot([*lost.values(), *renumbered(lost, before)], goes_on=goes_on)


def _snapshot(tokens: Iterable[Token], *, goes_on: bool) -> Json:
    return {"tokens": [token_json(token) for token in tokens], "goes_on": goes_on}


def snapshot_tokens(snapshot: Mapping[str, object] | None, state: str) -> list[Token]:
    """The tokens of an incident's snapshot. An incident of an older release has none: its order had one token."""
    kept = (snapshot or {}).get("tokens")
    if not isinstance(kept, list) or not kept:
        return [token_from_json({"id": 1, "node": state, "waits": "service"})]
    return [token_from_json(each) for each in kept]


_REFUSED = frozenset({"no_such_token", "not_waiting", "no_escalation_way"})
"""The codes of a trigger that the order does not take. The order stays as it is, and the caller gets the error."""


def go_on(
    plan: Plan, token: CurrentToken, locked: LockedOrder, trigger: Trigger, what: str, function: str, detail: Json
) -> Changes:
    """The changes of the trigger, with the event `what`. An order whose process cannot go on becomes an exception.

    Raises Conflict for a trigger that the order does not take.
    """
    try:
        return apply_trigger(plan, locked, trigger, token.node, function, what, detail)
    except ProcessError as error:
        if error.code in _REFUSED and not isinstance(error, CannotGoOn):
            raise Conflict(str(error), code=error.code) from None
        LOG.exception("the process cannot go on", extra={"order_id": str(token.order_id), "state": token.node})
        snapshot = snapshot_of_all(locked)
        return fail_order(token, error, snapshot=snapshot, who=function, detail={"trigger": what, **detail})
