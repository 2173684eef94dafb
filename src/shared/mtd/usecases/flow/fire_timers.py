"""Timers whose time has come: each moves its order on. Whoever comes second finds the token gone: a no-op."""

import logging
from collections.abc import Mapping, Sequence

from mtd.domain.errors import ProcessError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import TimerFired
from mtd.usecases.flow.apply_trigger import apply_trigger, token_of_row
from mtd.usecases.flow.cases import Changes, CurrentToken, LockedOrder
from mtd.usecases.flow.fail_order import fail_order
from mtd.usecases.flow.snapshots import snapshot_of_all
from mtd.usecases.flow.trace import Hop
from mtd.usecases.ports import FlowStore

LOG = logging.getLogger(__name__)


def fire_timers(
    places: Sequence[CurrentToken], plans: Mapping[int, Plan], work: FlowStore, who: str, hops: Sequence[Hop]
) -> None:
    """Fire all of them in one commit. An order that cannot go on becomes an exception, and the others go on."""

    def decide(place: CurrentToken, held: LockedOrder) -> Changes:
        detail: Json = {"hops": list(hops)}
        if held.suspended:
            return Changes()
        try:
            return _fired(place, held, plans[place.process_version_id], who, detail)
        except ProcessError as error:
            LOG.exception("the process cannot go on", extra={"order_id": str(place.order_id), "state": place.node})
            return fail_order(place, error, stood=snapshot_of_all(held), who=who, detail=detail)

    if places:
        work.commit(places, decide, orders=True)


def _fired(place: CurrentToken, held: LockedOrder, plan: Plan, who: str, detail: Json) -> Changes:
    node, token = plan.nodes[place.node], token_of_row(held, place.token_id)
    late = {
        "failed": node.attached_to or node.id,
        "kind": "late",
        "code": "too_late",
        "message": f"{node.name}: {node.time}",
        "attempts": place.attempts,
    }
    return apply_trigger(plan, held, TimerFired(token=token.id), place.node, who, "time has come", detail, late)
