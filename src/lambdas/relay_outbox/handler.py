"""Every minute: what a crash kept from being sent is sent; {"forgotten_seconds": 0} looks again at all that rests."""

from typing import Any

from mtd.adapters.metrics import count
from mtd.config import config
from mtd.entrypoints import composition
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.relay_outbox import asked_seconds, relay_outbox

set_up_logs()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    sent = relay_outbox(composition.outbox(), asked_seconds(event))
    count(config().function, sent)
    return sent
