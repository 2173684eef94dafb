"""Moves an order on by what a person or another system did, or makes it an exception where its process cannot go on."""

import logging

from mtd.domain.errors import Conflict, ProcessError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import Trigger
from mtd.engine.runtime.step_state import CannotGoOn
from mtd.usecases.flow.apply_trigger import apply_trigger
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.failures import fail_order, snapshot_of_all
from mtd.usecases.flow.tokens import CurrentToken, LockedOrder

LOG = logging.getLogger(__name__)

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
