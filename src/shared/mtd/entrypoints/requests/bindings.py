"""The request to bind a version otherwise, checked and typed. The words of a task are the binding sheet's to check."""

from typing import Any

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.usecases.processes.rebind import Bindings

_MOST = 2_000


def read_bindings(body: Json) -> Bindings:
    """The bindings of tasks and flows. Raises InvalidRequest."""
    tasks, flows = _named(body, "tasks"), _named(body, "flows")
    if not all(isinstance(words, dict) for words in tasks.values()):
        raise InvalidRequest("tasks must have an object for each element", code="bindings_malformed")
    if not all(isinstance(rule, str) for rule in flows.values()):
        raise InvalidRequest("flows must have a rule for each flow", code="bindings_malformed")
    return Bindings(tasks=tasks, flows=flows)


def _named(body: Json, part: str) -> dict[str, Any]:
    found = {} if body.get(part) is None else body[part]
    if not isinstance(found, dict) or len(found) > _MOST:
        raise InvalidRequest(f"{part} must be an object with at most {_MOST} entries", code="bindings_malformed")
    return found
