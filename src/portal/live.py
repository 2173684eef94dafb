"""The control room's figures as they change: a tenant's watchers share one reading of PostgreSQL; without a watcher
nothing is read."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool

from mtd.domain.errors import MtdError
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.queries.flow import circuits
from mtd.queries.orders.orders import Reader
from mtd.queries.reporting import control_room
from portal.clients.cloud import Cloud
from portal.database import Database

DRAIN_RATE_UNKNOWN = 0.0
"""Stands for the deployment's own rate, which the functions know and no page shows."""
LOG = logging.getLogger(__name__)
_SNAPSHOT_SECONDS = 0.5
# Ages grow even where nothing happens, and a proxy drops a stream that is silent.
_SILENT_SECONDS = 5.0
_SLOW_SECONDS = 5.0
"""How old what asks more of PostgreSQL may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The figures of one moment. `queues`, `alarms` and `tries` (of legacy systems, by system) are None where AWS did
    not answer; `failures` are the systems' latest incidents."""

    now: control_room.ControlRoom
    throughput: list[dict[str, Any]]
    queues: list[dict[str, Any]] | None
    circuits: list[dict[str, Any]]
    failures: dict[str, dict[str, Any]]
    alarms: list[dict[str, Any]] | None
    tries: dict[str, dict[str, Any]] | None


class LiveFeeds:
    """One feed for each watched tenant. Only the platform tenant's shows the queues: they hold all tenants' orders."""

    def __init__(self, read: Database, cloud: Cloud) -> None:
        self._read = read
        self._cloud = cloud
        self._feeds: dict[str, LiveFeed] = {}

    def of(self, tenant: str) -> "LiveFeed":
        cloud = self._cloud if tenant == PLATFORM_TENANT else None
        return self._feeds.setdefault(tenant, LiveFeed(self._read.of(tenant), cloud))


class LiveFeed:
    """Reads a tenant's figures twice a second while somebody watches; without a `cloud` no queues and no alarms."""

    def __init__(self, read: Reader, cloud: Cloud | None) -> None:
        self._read = read
        self._cloud = cloud
        self._watching: set[asyncio.Queue[Snapshot | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._latest: Snapshot | None = None
        self._slow: tuple[float, list[dict[str, Any]], dict[str, dict[str, Any]]] = (-_SLOW_SECONDS, [], {})

    def snapshot(self) -> Snapshot:
        """The figures now. Raises UnavailableError when PostgreSQL is not there."""
        at, throughput, failures = self._slow
        if time.monotonic() - at >= _SLOW_SECONDS:
            throughput, failures = control_room.throughput(self._read), circuits.last_failures(self._read)
            self._slow = (time.monotonic(), throughput, failures)
        tries = _answer(self._cloud.legacy_tries) if self._cloud else []
        return Snapshot(
            now=control_room.control_room(self._read),
            throughput=throughput,
            queues=_answer(self._cloud.queues) if self._cloud else [],
            circuits=circuits.list_circuits(self._read, DRAIN_RATE_UNKNOWN),
            failures=failures,
            alarms=_answer(self._cloud.alarms) if self._cloud else [],
            tries=None if tries is None else {row["system"]: row for row in tries},
        )

    async def snapshots(self) -> AsyncIterator[Snapshot | None]:
        """Each change, and the same again after some silence; None while PostgreSQL does not answer."""
        mailbox: asyncio.Queue[Snapshot | None] = asyncio.Queue(maxsize=1)
        if self._latest is not None:
            mailbox.put_nowait(self._latest)
        self._watching.add(mailbox)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            while True:
                yield await mailbox.get()
        finally:
            self._watching.discard(mailbox)

    async def _watch(self) -> None:
        sent_at = 0.0
        while self._watching:
            try:
                latest: Snapshot | None = await run_in_threadpool(self.snapshot)
            except MtdError as error:
                LOG.warning("no figures", extra={"code": error.code})
                latest = None
            if latest != self._latest or time.monotonic() - sent_at > _SILENT_SECONDS:
                self._latest, sent_at = latest, time.monotonic()
                for mailbox in self._watching:
                    if mailbox.full():
                        mailbox.get_nowait()
                    mailbox.put_nowait(latest)
            await asyncio.sleep(_SNAPSHOT_SECONDS)
        self._latest = None


def _answer(ask: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]] | None:
    """The rows from AWS; None when AWS does not answer."""
    try:
        return ask()
    except MtdError:
        return None
