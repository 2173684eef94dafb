"""The requests of POST /systems/{system}/try, checked and typed."""

from dataclasses import dataclass
from typing import Any, Protocol

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import Plan
from mtd.entrypoints.requests.simulations import read_simulation
from mtd.entrypoints.requests.tasks import read_text
from mtd.queries.orders.orders import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A try of a task's call: the version with the task, a sample order, and the values that it has by then."""

    plan: Plan
    task: str
    order: Order
    values: dict[str, Any]


class PlanVersions(Protocol):
    """The process versions of PostgreSQL."""

    def plan(self, process: str, version: int) -> tuple[int, Plan] | None:
        """The id and the plan of a version; None for an unknown one."""
        ...


def read_trial(body: Json, versions: PlanVersions, read: Reader) -> Trial:
    """The order is the one with that number, or the newest. Raises NotFound, or InvalidRequest that names the field."""
    process, task, version = read_text(body, "process", 200), read_text(body, "task", 200), body.get("version")
    if not process or not task or type(version) is not int or not 0 < version < 2**31:
        raise InvalidRequest("process, version and task must name a task of a version", code="request_malformed")
    found = versions.plan(process, version)
    if found is None:
        raise NotFound(f"process {process} has no version {version}", code="version_unknown")
    asked = read_simulation(body, found[1], read)
    return Trial(plan=found[1], task=task, order=asked.order, values=asked.values)
