"""Every minute: hand timers that are due soon to the queue `transitions`, and warn of orders that will be late."""

from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.config import config
from mtd.entrypoints import composition
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.flow.watch_deadlines import watch_deadlines
from mtd.usecases.reporting.warn_of_delays import warn_of_delays

set_up_logs()


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    handed_over = watch_deadlines(composition.deadlines())
    handed_over["warnings"] = warn_of_delays(composition.warnings())
    count(config().function, handed_over)
    return handed_over
