"""One stress run: puts orders, samples the system, waits, audits."""

import json
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from devenv.instance import ENVIRONMENT
from devenv.orders.mails import mails
from devenv.problem import Problem
from devenv.running import Running
from proving.stress import figures, report
from proving.stress.audit import audit, issued_documents
from proving.stress.database import RunDatabase
from proving.stress.handlers import handler_times
from proving.stress.processes import InstanceProcesses
from proving.stress.putting import OrderPutter
from proving.stress.schedule import GeneratedOrders, Schedule, unique_prefix
from proving.stress.watching import Sampler, queue_depths

# After that long without any progress, the remaining orders will not move by themselves.
_STANDING_SECONDS = 60
_PATIENCE_SECONDS = 90.0
# Log events and metrics reach CloudWatch within about a second.
_LOGS_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StressOutcome:
    """The figures, and the counts of the audit that must be 0 and are not."""

    figures: dict[str, Any]
    findings: dict[str, int]


def run(running: Running, schedule: Schedule, folder: Path, title: str, seed: int, console: Console) -> StressOutcome:
    """Runs and returns the figures, which also show lost orders. Raises Problem when the system does not answer."""
    orders = GeneratedOrders(running.instance.project, unique_prefix(), seed)
    database = RunDatabase(running.conninfo(), orders.prefix)
    half = (schedule.orders - schedule.late) / 2
    putter = OrderPutter(
        running.clients.client("s3"),
        running.output("InboxBucket"),
        orders,
        schedule,
        lambda: database.progress().ended >= half,
    )
    depths = queue_depths(running.clients.client("sqs"), f"mtd-{ENVIRONMENT}-")
    sampler = Sampler(database, InstanceProcesses(running.pids()), depths, lambda: len(putter.put_at))
    broken_before = running.orders_api().broken_invariants(_STANDING_SECONDS)
    counted = _requests(running)
    started = time.time()
    putter.start()
    sampler.start()
    try:
        seconds = _wait(putter, database, schedule, console)
    finally:
        putter.stop()
        sampler.stop()
    requests = figures.billed_requests(_requests(running) - counted, len(putter.put_at))
    time.sleep(_LOGS_SECONDS)
    ends = database.ends()
    found = audit(
        putter.put_at,
        ends,
        issued_documents(running.simulator),
        Counter(str(mail["order"]) for mail in mails(running.endpoint)),
        database.orders_with_gaps(),
        sum(row not in broken_before for row in running.orders_api().broken_invariants(_STANDING_SECONDS)),
    )
    times = handler_times(running.clients.client("logs"), f"/aws/lambda/mtd-{ENVIRONMENT}-", int(started * 1000))
    ended = figures.latencies_ms(putter.put_at, ends)
    summary = figures.summary(
        audit=found, ended=ended, seconds=seconds, samples=sampler.samples, times=times, requests=requests
    )
    report.write(folder, title, summary, sampler.samples, ended, started)
    return StressOutcome(figures=summary, findings=found.findings())


def _wait(putter: OrderPutter, database: RunDatabase, schedule: Schedule, console: Console) -> float:
    """Waits until all orders have ended and their mails are sent, or until nothing moves; returns the seconds."""
    began = last_moved = time.monotonic()
    seen: tuple[int, int] = (0, 0)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        TextColumn("{task.fields[progress]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("orders", total=schedule.orders, progress="")
        while True:
            progress, now = database.progress(), time.monotonic()
            line = (
                f"{progress.ended}/{schedule.orders}  {progress.ended / (now - began + 0.001):.1f}/s  "
                f"{len(putter.put_at) - progress.ended} in flight  {progress.exceptions} exceptions"
            )
            bar.update(task, completed=progress.ended, progress=line)
            if putter.failure:
                raise Problem(f"An order could not be put: {putter.failure}", fix="Read 'mtd status'.")
            if putter.done and progress.ended >= schedule.orders and not database.unsent_mails():
                return now - began
            moved = (progress.ended + progress.mails, len(putter.put_at))
            if moved != seen:
                seen, last_moved = moved, now
            elif now - last_moved > _PATIENCE_SECONDS and not _more_to_come(schedule, now - began):
                return last_moved - began
            time.sleep(0.5)


def _more_to_come(schedule: Schedule, seconds: float) -> bool:
    return any(wave.due > seconds for wave in schedule.waves)


def _requests(running: Running) -> Counter[str]:
    """The requests that the emulator has served so far, by operation."""
    with urllib.request.urlopen(f"{running.endpoint}/_mtd/requests", timeout=20) as answer:
        counted: Counter[str] = Counter()
        for kind in json.load(answer).values():
            counted.update(kind)
    return counted
