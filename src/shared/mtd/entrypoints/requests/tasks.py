"""The requests of /tasks and /orders/{number}/messages, checked and typed."""

import json
from uuid import UUID

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.usecases.tasks.manage_tasks import TaskRequest


def read_request(task_id: str, body: Json) -> TaskRequest:
    """A request about a task. It raises InvalidRequest, as all functions of this module do."""
    person = read_text(body, "person", 200)
    if not person or type(body.get("version")) is not int or abs(body["version"]) >= 2**31:
        raise InvalidRequest("version must be the task's version, and person must be a name", code="request_malformed")
    return TaskRequest(
        task_id=read_number(task_id),
        version=body["version"],
        person=person,
        groups=_read_groups(body),
        assignee=read_text(body, "assignee", 200),
        values=read_values(body),
        comment=read_text(body, "comment", 2_000),
    )


def _read_groups(body: Json) -> tuple[str, ...]:
    groups = [] if body.get("groups") is None else body["groups"]
    if not isinstance(groups, list) or len(groups) > 100 or not all(isinstance(each, str) for each in groups):
        raise InvalidRequest("groups must be a list of at most 100 names", code="groups_malformed")
    return tuple(groups)


def read_number(text: str) -> int:
    """A whole number that PostgreSQL holds."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise InvalidRequest(f"{text!r} is not a whole number", code="number_malformed")
    return int(text)


def read_id(text: str) -> UUID:
    """An order's id."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequest(f"{text!r} is not an order's id (a UUID)", code="order_id_malformed") from None


def read_text(body: Json, name: str, most: int) -> str | None:
    """A text of the body; None when it is absent or empty."""
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > most or "\0" in value):
        raise InvalidRequest(f"{name} must be a text of at most {most} characters", code=f"{name}_malformed")
    return value or None


def read_values(body: Json) -> Json:
    """The body's values by name."""
    values = {} if body.get("values") is None else body["values"]
    if not isinstance(values, dict):
        raise InvalidRequest("values must be an object", code="values_malformed")
    try:
        json.dumps(values, allow_nan=False)
    except ValueError:
        raise InvalidRequest("values must hold finite numbers", code="values_malformed") from None
    return values
