"""The requests of POST /processes/{process}/versions/{version}/simulate, checked and typed."""

from dataclasses import dataclass
from typing import Any

from mtd.domain.errors import InvalidRequest, NotFound, RejectedOrder
from mtd.domain.json_types import Json
from mtd.domain.orders.check import read_order
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import Plan
from mtd.entrypoints.requests.tasks import read_text, read_values
from mtd.queries.orders.orders import Reader
from mtd.queries.processes.processes import sample_document


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A simulation's sample order, the tasks that fail, the values that the order has from the start, and those that
    systems' tasks leave."""

    order: Order
    fails: frozenset[str]
    values: dict[str, Any]
    results: dict[str, dict[str, Any]]


def read_simulation(body: Json, plan: Plan, read: Reader) -> Simulation:
    """The order is the one with that number, or the newest. Raises NotFound, or InvalidRequest that names the fault."""
    number, fails = read_text(body, "number", 200), body.get("fails") or []
    if not isinstance(fails, list) or not all(isinstance(each, str) for each in fails):
        raise InvalidRequest("fails must be a list of names of the process's steps", code="fails_malformed")
    if unknown := [each for each in fails if each not in plan.nodes]:
        raise InvalidRequest(f"the process has no step {unknown[0]!r}", code="fails_malformed")
    document = sample_document(read, number)
    if document is None:
        raise NotFound(
            f"there is no order {number!r}" if number else "there is no order yet: put one into the inbox first",
            code="order_unknown",
        )
    try:
        order = read_order(document)
    except RejectedOrder as error:
        raise InvalidRequest(f"order {number!r} cannot be simulated: {error}", code="order_malformed") from None
    return Simulation(
        order=order, fails=frozenset(fails), values=read_values(body), results=_results(body.get("results"), plan)
    )


def _results(said: Any, plan: Plan) -> dict[str, dict[str, Any]]:
    if said is None:
        return {}
    if not isinstance(said, dict) or not all(isinstance(each, dict) for each in said.values()):
        raise InvalidRequest("results must be an object: values by the names of tasks", code="results_malformed")
    if unknown := [each for each in said if each not in plan.nodes or plan.nodes[each].call is None]:
        raise InvalidRequest(f"the process has no system's task {unknown[0]!r}", code="results_malformed")
    return said
