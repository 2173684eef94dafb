"""The control room: the figures now, and as they change."""

import time
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from portal.access.guard import SESSION_COOKIE
from portal.live import Snapshot
from portal.visit import Visit

_SESSION_LOOK_SECONDS = 10.0


def show(visit: Visit) -> Response:
    return visit.page("reporting/control_room.html", look=visit.live.look())


async def stream(visit: Visit) -> Response:
    """Server-sent events: `figures` is the control room's HTML; `trouble` says that orders fail or wait, or stop to,
    `health` that a legacy system's circuit opens, closes or parks.

    Not by the queue's depth: whoever looks through the queue hides its messages meanwhile.
    """
    return StreamingResponse(
        _events(visit),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(visit: Visit) -> AsyncIterator[str]:
    checked = time.monotonic()
    told: dict[str, tuple[object, ...]] = {}
    async for look in visit.live.looks():
        if time.monotonic() - checked > _SESSION_LOOK_SECONDS:
            checked = time.monotonic()
            if not await run_in_threadpool(_still_open, visit):
                return
        if look is None:
            yield _event("away", visit.say("live.away"))
            continue
        yield _event("figures", await run_in_threadpool(visit.html, "reporting/figures.html", look=look))
        for name, now in (("trouble", _trouble(look)), ("health", _health(look))):
            if told.get(name, now) != now:
                yield _event(name, "changed")
            told[name] = now


def _trouble(look: Snapshot) -> tuple[object, ...]:
    return look.now.waiting, look.now.waiting_since, look.now.open_incidents


def _health(look: Snapshot) -> tuple[object, ...]:
    return tuple((row["system"], row["state"], row["by_hand"], row["parked"]) for row in look.circuits)


def _still_open(visit: Visit) -> bool:
    token = visit.request.cookies.get(SESSION_COOKIE, "")
    return visit.services.sessions.find(token, active=False) is not None


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n"
