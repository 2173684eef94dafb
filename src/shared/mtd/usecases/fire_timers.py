"""Timers whose time has come: each moves its order on. Whoever comes second finds the token gone: a no-op."""

import logging
from collections.abc import Mapping, Sequence

from mtd.domain.errors import ProcessError
from mtd.engine.plan import Plan
from mtd.engine.tokens import Due
from mtd.usecases.cases import Changes, Held, Json, Place
from mtd.usecases.ports import Work
from mtd.usecases.set_aside import set_aside
from mtd.usecases.standing import stood_alone
from mtd.usecases.take_step import at, occurred
from mtd.usecases.trail import Hop

LOG = logging.getLogger(__name__)


def fire_timers(places: Sequence[Place], plans: Mapping[int, Plan], work: Work, who: str, hops: Sequence[Hop]) -> None:
    """Fire all of them in one commit. An order that cannot go on becomes an exception, and the others go on."""

    def decide(place: Place, held: Held) -> Changes:
        detail: Json = {"hops": list(hops)}
        if held.suspended:
            return Changes()
        try:
            return _fired(place, held, plans[place.process_version_id], who, detail)
        except ProcessError as error:
            LOG.exception("the process cannot go on", extra={"order_id": str(place.order_id), "state": place.node})
            return set_aside(place, error, stood=stood_alone(held), who=who, detail=detail)

    if places:
        work.commit(places, decide, orders=True)


def _fired(place: Place, held: Held, plan: Plan, who: str, detail: Json) -> Changes:
    node, token = plan.nodes[place.node], at(held, place.token_id)
    late = {
        "failed": node.attached_to or node.id,
        "kind": "late",
        "code": "too_late",
        "message": f"{node.name}: {node.time}",
        "attempts": place.attempts,
    }
    return occurred(plan, held, Due(token=token.id), place.node, who, "time has come", detail, late)
