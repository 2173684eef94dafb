"""Every minute: send what a crash left, look after circuits and overdue tasks. {"forgotten_seconds": 0} wakes all."""

from datetime import UTC, datetime
from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.config import config
from mtd.domain.tax.issuing_day import issuing_day
from mtd.entrypoints import composition
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.flow.relay_outbox import asked_seconds, relay_outbox
from mtd.usecases.operations.folio_shortage import end_shortages
from mtd.usecases.operations.operate_circuits import tend_circuits
from mtd.usecases.tasks.escalate_overdue import escalate_overdue

set_up_logs()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    sent = relay_outbox(composition.outbox(), asked_seconds(event))
    overdue = escalate_overdue(composition.tasks(), composition.flow_store(), config().function)
    circuits, settings = composition.circuits(), composition.circuit_settings()
    today = issuing_day(datetime.now(UTC))
    end_shortages(circuits, lambda: composition.register().folio_ranges(), today, settings, config().function)
    tended = tend_circuits(circuits, settings, config().function)
    # The metric has no dimension, so that the alarm stays on while any circuit is open.
    count(None, {"CircuitsOpen": tended["circuits_open"]})
    sent["overdue_tasks"] = overdue
    count(config().function, sent | {name: tended[name] for name in ("released", "prompted")})
    return sent | tended
