"""Every minute: the figures of hours and days; {"horizon_seconds": 0} counts the latest events, too."""

from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.config import config
from mtd.entrypoints import composition
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.reporting.summarise_orders import asked_horizon, summarise_orders

set_up_logs()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    counted = summarise_orders(composition.summaries(), asked_horizon(event))
    count(config().function, counted)
    return counted
