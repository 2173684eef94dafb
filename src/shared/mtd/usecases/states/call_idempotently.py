"""Recover before repeat: MTD asks a legacy system for an effect again only when the system has not made it."""

import time

from mtd.domain.errors import NotFound, RetryableError
from mtd.domain.json_types import Json
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.flow.trace import Hop, hop
from mtd.usecases.ports import Legacy


def call_idempotently(
    system: Legacy, name: str, token: LeasedToken, operation: str, path: str, body: Json, *expects: str
) -> tuple[Json, Hop]:
    """The result of the operation, which the system does at most once for this order, and its hop.

    `expects` names the fields of the result. Raises RetryableError `unreadable` when one is missing. After a try whose
    outcome is unknown, it first asks the system by the operation's key.
    """
    key = f"{token.order_id}:{operation}"
    started = time.perf_counter()
    result = _recover(system, key) if token.attempts > 1 or token.outcome_unknown else None
    what = f"{operation} recovered"
    if result is None:
        what = operation
        result = system.call("POST", path, body, key)
    if missing := [field for field in expects if not isinstance(result.get(field), str)]:
        raise RetryableError(f"{name}'s answer to {operation} lacks {', '.join(missing)}", code="unreadable")
    return result, hop(name, what, ms=(time.perf_counter() - started) * 1000, request_id=key)


def _recover(system: Legacy, key: str) -> Json | None:
    try:
        return system.call("GET", f"/operations/{key}", None, None)
    except NotFound:
        return None
