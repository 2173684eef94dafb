"""Demonstrates a process: imports its diagram, starts orders on it and does people's tasks through the API."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devenv.diagrams import diagram_files
from devenv.orders.orders_client import OrdersClient
from devenv.problem import Problem

type Json = dict[str, Any]

DIAGRAM = Path("tests", "data", "processes", "fulfilment.bpm")
_DEADLINE_SECONDS = 300.0
# The diagram's timer waits two hours; the demonstration waits less.
_TRUCK = {"timers": {"Wait for the truck": "PT5S"}}
_FORMS = {
    "approval": {
        "type": "object",
        "properties": {"approved": {"type": "boolean"}, "limit": {"type": "number", "minimum": 0}},
        "required": ["approved"],
        "additionalProperties": False,
    }
}
_VALUES: dict[str, Json] = {"approval": {"approved": True, "limit": 5_000_000}}


def import_process(api: OrdersClient, project: Path) -> tuple[Json, str]:
    """Imports and activates the process; returns the report and the version's name. Raises Problem."""
    file = diagram_files.file(project / DIAGRAM)
    file["sheet"] = {**(file["sheet"] or {}), **_TRUCK, "process": "fulfilment-demo"}
    answer = api.call("POST", "/processes", body={"files": [file], "forms": _FORMS})
    report: Json = answer["reports"][0]
    if report["verdict"] != "ready":
        raise Problem(f"{file['name']} cannot run: {report['reason']}", fix="Correct the diagram or its sheet.")
    api.call("POST", f"/processes/{report['process']}/versions/{report['version']}/activate", body={})
    return report, f"{report['process']} version {report['version']}"


def start(api: OrdersClient, report: Json, orders: int, *, small: bool = False) -> set[str]:
    """Starts that many orders, every second one with a large total unless all are `small`, and returns their numbers.

    Raises Problem.
    """
    run = uuid.uuid4().hex[:6].upper()
    numbers = [f"DEMO-{run}-{i:03}" for i in range(1, orders + 1)]
    of = {"process": report["process"], "version": report["version"]}
    entries = [{"order": order(number, large=i % 2 == 0 and not small), **of} for i, number in enumerate(numbers)]
    answer = api.call("POST", "/orders", body={"orders": entries})
    refused = [result for result in answer["results"] if result["status"] != "registered"]
    if refused:
        raise Problem(f"Order {refused[0]['number']} was not registered: {refused[0]['status']}.", fix="Try again.")
    return set(numbers)


def work(api: OrdersClient, numbers: set[str], tell: Callable[[int], None]) -> tuple[Counter[str], Counter[str]]:
    """Does the tasks of those orders until all have ended; returns (tasks by name, orders by end). Raises Problem."""
    done: Counter[str] = Counter()
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while True:
        for task in _open_tasks(api):
            if task["number"] in numbers:
                _do(api, task)
                done[task["name"]] += 1
        ends = Counter(row["state"] for row in api.orders() if row["number"] in numbers and row["ended"])
        tell(ends.total())
        if ends.total() == len(numbers):
            return done, ends
        if time.monotonic() > deadline:
            raise Problem(
                f"{len(numbers) - ends.total()} of {len(numbers)} orders did not end in {_DEADLINE_SECONDS:.0f} s.",
                fix="Read 'mtd orders' and 'mtd logs'.",
            )
        time.sleep(0.3)


def _open_tasks(api: OrdersClient) -> list[Json]:
    tasks: list[Json] = []
    after: int | None = 0
    while after is not None:
        page = api.call("GET", "/tasks", {"limit": "500", "after": str(after)})
        tasks += page["tasks"]
        after = page["next"]
    return tasks


def _do(api: OrdersClient, task: Json) -> None:
    person = f"demo-{task['group'].replace(' ', '-').lower()}"
    body = {
        "version": task["version"],
        "person": person,
        "groups": [task["group"]],
        "values": _VALUES.get(task["form"] or "", {}),
    }
    api.call("POST", f"/tasks/{task['task_id']}/complete", body=body)


def order(number: str, *, large: bool) -> Json:
    """An order as POST /orders takes it, of 23,800 or 1,190,000 CLP."""
    price, tax, total = ("1000000", "190000", "1190000") if large else ("20000", "3800", "23800")
    line = {"id": "1", "sku": "SKU-1", "name": "Cafetera", "unit": "EA", "quantity": "1", "price": price}
    return {
        "number": number,
        "issued_on": "2026-09-07",
        "currency": "CLP",
        "seller": {"id": "CL:76543210-3", "name": "Tienda"},
        "buyer": {"id": "CL:12345678-5", "name": "Compradora", "rut": "12345678-5"},
        "lines": [{**line, "base_quantity": "1", "adjustment": "0", "amount": price, "tax_percent": "19"}],
        "totals": {"tax": tax, "payable": total},
        "adjustment": "0",
    }
