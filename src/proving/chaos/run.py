"""One run under faults: puts orders, injects faults, waits, audits."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devenv.instance import ENVIRONMENT
from devenv.orders.mails import mails
from devenv.problem import Problem
from devenv.running import Running
from proving.chaos.audit import ChaosAudit, ChaosEvidence, audit
from proving.chaos.database import ChaosDatabase
from proving.chaos.functions import FunctionFaults
from proving.chaos.injector import Injector
from proving.chaos.plan import plan
from proving.chaos.queues import MessageFaults
from proving.chaos.record import FaultRecord
from proving.chaos.systems import SystemFaults
from proving.stress.audit import ledger
from proving.stress.putting import OrderPutter
from proving.stress.schedule import GeneratedOrders, single_wave, unique_prefix

# After that long without any progress, the remaining orders will not move by themselves.
_PATIENCE_SECONDS = 120.0
_STANDING_SECONDS = 60
_QUIET_SECONDS = 4.0
# More than the ages at which relay_outbox resends a message, and at which another sender takes a mail over.
_FORGOTTEN_SECONDS = 960.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosOutcome:
    """The report, and the counts of the audit that must be 0 and are not."""

    report: dict[str, Any]
    findings: dict[str, int]


def run(running: Running, *, orders: int, rate: float, seed: int, tell: Callable[[str], None]) -> ChaosOutcome:
    """Raises Problem when the system does not answer, or a fault cannot be injected or ended."""
    record = FaultRecord()
    generated = GeneratedOrders(running.instance.project, unique_prefix(), seed)
    database = ChaosDatabase(running, generated.prefix, record)
    functions = FunctionFaults(running, record)
    putter = OrderPutter(
        running.clients.client("s3"),
        running.output("InboxBucket"),
        generated,
        single_wave(orders, 0, rate),
        lambda: False,
    )

    def share_done() -> float:
        progress = database.progress()
        return (len(putter.put_at) + progress.registered + progress.ended) / (3 * orders)

    injector = Injector(
        plan(seed, orders),
        share_done,
        functions,
        SystemFaults(running.simulator, record),
        MessageFaults(running.clients.client("sqs"), record),
        database,
    )
    broken_before = running.orders_api().broken_invariants(_STANDING_SECONDS)
    began = time.monotonic()
    putter.start()
    injector.start()
    try:
        _wait(running, putter, injector, database, orders, tell)
    finally:
        putter.stop()
        injector.stop()
    seconds = time.monotonic() - began
    broken = [row for row in running.orders_api().broken_invariants(_STANDING_SECONDS) if row not in broken_before]
    found = audit(
        ChaosEvidence(
            put=list(putter.put_at),
            ends=database.ends(),
            waiting=database.waiting_numbers(),
            documents=ledger(running.simulator, "paperless", "issue"),
            recorded=database.recorded_documents(),
            redeemed=ledger(running.simulator, "gift_card", "redeem"),
            mails=mails(running.endpoint),
            exceptions_without_incident=database.exceptions_without_incident(),
            event_gaps=database.orders_with_gaps(),
            invariants_broken=len(broken),
            struck=record.all(),
        )
    )
    report = _report(found, record, seed, seconds)
    if broken:
        report["broken_invariants"] = broken[:50]
    if found.unended:
        report["unended_orders"] = list(database.unended_orders())[:50]
    database.close()
    return ChaosOutcome(report=report, findings=found.findings())


def write(folder: Path, report: dict[str, Any]) -> None:
    """Writes audit.json into `folder` and creates the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "audit.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _report(found: ChaosAudit, record: FaultRecord, seed: int, seconds: float) -> dict[str, Any]:
    first, *counts = asdict(found).items()
    struck = [each.as_json() for each in record.all()]
    return {
        **dict([first]),
        "seed": seed,
        "seconds": round(seconds, 1),
        "faults": record.counts(),
        **dict(counts),
        "struck": struck,
    }


def _wait(
    running: Running,
    putter: OrderPutter,
    injector: Injector,
    database: ChaosDatabase,
    orders: int,
    tell: Callable[[str], None],
) -> None:
    """Waits until all orders have ended or wait, the faults are over and the mails are sent, or until nothing moves.

    When all orders are put and nothing moves, this makes time pass: it calls relay_outbox, as a rule does every minute,
    and makes due times older.
    """
    last_moved = last_nudge = time.monotonic()
    seen: tuple[int, ...] = ()
    while True:
        progress, resting = database.progress(), len(database.waiting_numbers())
        for failure in (putter.failure, injector.failure):
            if failure is not None:
                raise Problem(f"The run failed: {failure}", fix="Read 'mtd status'.") from failure
        at_rest = progress.ended + resting >= orders and not database.unsent_mails()
        if putter.done and injector.done and at_rest:
            return
        moved, now = (len(putter.put_at), progress.registered, progress.ended, progress.mails), time.monotonic()
        if moved != seen:
            seen, last_moved = moved, now
            tell(f"{progress.ended}/{orders} ended, {progress.exceptions} exceptions, {resting} waiting")
        elif putter.done and injector.done and now - max(last_moved, last_nudge) > _QUIET_SECONDS:
            database.advance(_FORGOTTEN_SECONDS)
            running.clients.client("lambda").invoke(
                FunctionName=f"mtd-{ENVIRONMENT}-relay_outbox", Qualifier="live", Payload=b"{}"
            )
            last_nudge = time.monotonic()
        if now - last_moved > _PATIENCE_SECONDS:
            return
        time.sleep(0.3)
