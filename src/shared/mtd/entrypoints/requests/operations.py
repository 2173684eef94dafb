"""The requests of /operations, checked and typed."""

import math
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from mtd.domain.errors import Conflict, InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints.requests.tasks import read_text
from mtd.usecases.operations.bulk_operations import NewOperation, Selection
from mtd.usecases.operations.order_actions import read_action
from mtd.usecases.operations.rollout import CANARY_STOPS_AT

_MOST_NAMED = 10_000


type FindOperation = Callable[[int], Mapping[str, Any]]
"""An operation with its action, arguments and state. Raises NotFound."""


def read_operation_request(body: Json, operation: FindOperation) -> NewOperation:
    """A new operation.

    Raises InvalidRequest that says what is wrong or missing; NotFound and Conflict where it is not what its trial was.
    """
    action, person, reason = (read_text(body, name, most) for name, most in _TEXTS)
    if not (action and person):
        raise InvalidRequest("action and person must be given", code="request_malformed")
    if not reason or not reason.strip():
        raise InvalidRequest("a reason must be given: the order's history keeps it", code="reason_missing")
    act = read_action(action, person, reason, body)
    selection, canary = _selection(body), canary_of(body)
    named = len(selection.numbers or ()) + len(selection.order_ids or ())
    alone = selection.fingerprint is None and selection.state is None and named == 1
    if action == "correct" and not alone and selection.tried is None:
        raise InvalidRequest("a correction takes one order: name it in numbers or order_ids", code="one_order_only")
    arguments = {"node": act.node, "at": act.at, "document": act.document}
    kept = {name: value for name, value in arguments.items() if value is not None}
    if selection.tried is not None:
        _refuse_other_than_tried(selection.tried, action, kept, operation)
    stop_at = number_of(body, "stop_at", most=1.0, zero=True)
    return NewOperation(
        action=action,
        person=person,
        reason=reason.strip(),
        selection=selection,
        arguments=kept,
        dry_run=_flag(body, "dry_run"),
        canary=canary,
        rate=number_of(body, "rate", most=1_000.0, zero=False),
        stop_at=CANARY_STOPS_AT if stop_at is None and canary is not None else stop_at,
    )


_TEXTS = (("action", 40), ("person", 200), ("reason", 2_000))


def _selection(body: Json) -> Selection:
    ids = _names(body, "order_ids")
    try:
        order_ids = tuple(str(UUID(each)) for each in ids) if ids is not None else None
    except ValueError:
        raise InvalidRequest("order_ids must be UUIDs of orders", code="order_ids_malformed") from None
    selection = Selection(
        numbers=_names(body, "numbers"),
        order_ids=order_ids,
        seller=read_text(body, "seller", 200),
        fingerprint=read_text(body, "fingerprint", 64),
        state=read_text(body, "state", 200),
        tried=_tried(body),
    )
    named = selection.numbers or selection.order_ids or selection.fingerprint or selection.state
    if selection.tried is not None and (named or selection.seller):
        raise InvalidRequest("tried names its orders: leave the other selections out", code="selection_malformed")
    if selection.tried is None and not named:
        raise InvalidRequest(
            "no orders are selected: give numbers, order_ids, fingerprint, state or tried", code="selection_missing"
        )
    return selection


def _tried(body: Json) -> int | None:
    value = body.get("tried")
    if value is None:
        return None
    if type(value) is not int or not 0 < value < 2**63:
        raise InvalidRequest("tried must be the number of a dry run", code="tried_malformed")
    return value


def _refuse_other_than_tried(tried: int, action: str, arguments: Json, operation: FindOperation) -> None:
    """The operation must do what its trial showed. Raises NotFound, Conflict."""
    trial = operation(tried)
    if not trial["dry_run"] or trial["status"] != "finished":
        raise Conflict(f"operation {tried} is no dry run that has finished", code="not_tried")
    if (trial["action"], trial["arguments"]) != (action, arguments):
        raise Conflict(f"operation {tried} has tried something else: {trial['action']}", code="not_tried")


def _names(body: Json, name: str) -> tuple[str, ...] | None:
    values: Any = body.get(name)
    if values is None or values == []:
        return None
    if not isinstance(values, list) or len(values) > _MOST_NAMED or not all(_is_name(value) for value in values):
        raise InvalidRequest(f"{name} must be a list of at most {_MOST_NAMED} texts", code=f"{name}_malformed")
    return tuple(dict.fromkeys(values))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def canary_of(body: Json) -> int | None:
    """The number of orders that go first, or None. Raises InvalidRequest."""
    value = body.get("canary")
    if value is None:
        return None
    if type(value) is not int or not 0 < value < 2**31:
        raise InvalidRequest("canary must be a number of orders above 0", code="canary_malformed")
    return value


def number_of(body: Json, name: str, *, most: float, zero: bool) -> float | None:
    """A number of the body up to `most`; `zero` allows 0. Raises InvalidRequest."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidRequest(f"{name} must be a number", code=f"{name}_malformed")
    if not (value >= 0 if zero else value > 0) or value > most:
        raise InvalidRequest(f"{name} must be {'from' if zero else 'above'} 0 to {most:g}", code=f"{name}_malformed")
    return float(value)


def _flag(body: Json, name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false", code=f"{name}_malformed")
    return value
