"""The control room: the figures now, and as they change."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from portal.live import Snapshot
from portal.rendering.context import Context
from portal.visit import SESSION_COOKIE, Visit

_SESSION_CHECK_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresContext(Context):
    """The part that the live feed renews."""

    template: ClassVar[str] = "reporting/figures.html"

    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRoomContext(FiguresContext):
    template: ClassVar[str] = "reporting/control_room.html"


def show(visit: Visit) -> Response:
    return visit.page(ControlRoomContext(snapshot=visit.live.snapshot()))


async def stream(visit: Visit) -> Response:
    """Server-sent events: `figures` is the control room's HTML; `trouble` says that orders fail or wait, or stop to,
    `health` that a legacy system's circuit opens, closes or parks.

    The queue's depth is no measure of trouble: a reader of the queue hides its messages for a moment.
    """
    return StreamingResponse(
        _events(visit),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(visit: Visit) -> AsyncIterator[str]:
    checked = time.monotonic()
    sent: dict[str, tuple[object, ...]] = {}
    async for snapshot in visit.live.snapshots():
        if time.monotonic() - checked > _SESSION_CHECK_SECONDS:
            checked = time.monotonic()
            if not await run_in_threadpool(_still_open, visit):
                return
        if snapshot is None:
            yield _event("away", visit.say("live.away"))
            continue
        yield _event("figures", await run_in_threadpool(visit.html, FiguresContext(snapshot=snapshot)))
        for name, now in (("trouble", _trouble(snapshot)), ("health", _health(snapshot))):
            if sent.get(name, now) != now:
                yield _event(name, "changed")
            sent[name] = now


def _trouble(snapshot: Snapshot) -> tuple[object, ...]:
    return snapshot.now.waiting, snapshot.now.waiting_since, snapshot.now.open_incidents


def _health(snapshot: Snapshot) -> tuple[object, ...]:
    return tuple((row["system"], row["state"], row["by_hand"], row["parked"]) for row in snapshot.circuits)


def _still_open(visit: Visit) -> bool:
    token = visit.request.cookies.get(SESSION_COOKIE, "")
    return visit.services.sessions.find(token, active=False) is not None


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n"
