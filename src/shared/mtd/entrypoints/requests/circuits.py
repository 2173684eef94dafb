"""The requests of POST /circuits/{system}, checked and typed."""

import math

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints.requests.tasks import read_text
from mtd.usecases.operations.operate_circuits import ChangeRequest

_ACTIONS = ("open", "close", "set")
_FASTEST = 1_000.0


def read_change(body: Json) -> ChangeRequest:
    """A change of a circuit. Raises InvalidRequest that names the field."""
    action, person, reason = (read_text(body, name, most) for name, most in _TEXTS)
    if action not in _ACTIONS or not person:
        raise InvalidRequest("action must be open, close or set, and person must be a name", code="request_malformed")
    if not reason or not reason.strip():
        raise InvalidRequest("a reason must be given: the circuit shows it", code="reason_missing")
    rate = _rate(body)
    if action == "set" and rate is None:
        raise InvalidRequest("the action set needs drain_rate, in orders a second", code="drain_rate_missing")
    return ChangeRequest(action=action, person=person, reason=reason.strip(), drain_rate=rate)


_TEXTS = (("action", 40), ("person", 200), ("reason", 2_000))


def _rate(body: Json) -> float | None:
    value = body.get("drain_rate")
    if value is None:
        return None
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not 0.01 <= number <= _FASTEST:
        raise InvalidRequest(
            f"drain_rate must be from 0.01 to {_FASTEST:g} orders a second", code="drain_rate_malformed"
        )
    return number
