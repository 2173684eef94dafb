"""Every minute: timers that are due, or will be before the next look, are handed to the transitions queue."""

from typing import Any

from mtd.adapters.metrics import count
from mtd.config import config
from mtd.entrypoints import composition
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.watch_deadlines import watch_deadlines

set_up_logs()


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    handed_over = watch_deadlines(composition.deadlines())
    count(config().function, handed_over)
    return handed_over
