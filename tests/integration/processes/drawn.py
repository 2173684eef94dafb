"""Drawn processes over the API alone: import, start, and people's tasks."""

import base64
import uuid
from typing import Any

from tests.integration.system import System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.orders import OrderFile

type Json = dict[str, Any]

APPROVAL = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}},
    "required": ["approved"],
    "additionalProperties": False,
}


def active(system: System, drawing: str, sheet: Json | None = None, forms: Json | None = None) -> str:
    """The name of an active process of that drawing."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    content = base64.b64encode(bpmn(draw(drawing, "Test"))).decode()
    file = {"name": f"{name}.bpmn", "content": content, "sheet": sheet or {}}
    status, answer = system.call("POST", "/processes", {"files": [file], "forms": forms or {"approval": APPROVAL}})
    assert status == 200, answer
    [report] = answer["reports"]
    assert (report["verdict"], report["version"]) == ("ready", 1), report
    assert system.call("POST", f"/processes/{name}/versions/1/activate")[0] == 200
    return name


def document(system: System, number: str) -> Json:
    """An order's content in JSON, under that number."""
    model = f"{number}-model"
    system.put(OrderFile(number=model).xml(), f"{model}.xml")
    until(lambda: system.order(model), bool)
    [row] = system.sql("select document from orders where number = %s", model)
    return dict(row["document"] | {"number": number})


def start(system: System, number: str, process: str, version: int | None = None) -> tuple[int, Json]:
    """Start an order of that number on the process."""
    order = document(system, number)
    return system.call("POST", "/orders", {"orders": [{"order": order, "process": process, "version": version}]})


def tasks(system: System, number: str, *names: str) -> list[Json]:
    """The order's open tasks once they are those."""

    def ask() -> list[Json]:
        return list(system.get(f"/tasks?number={number}")["tasks"])

    return until(ask, lambda found: sorted(task["name"] for task in found) == sorted(names))


def do(system: System, task: Json, action: str, person: str = "ana", **more: Any) -> tuple[int, Json]:
    """A request about the task, at the version that it was seen at, by a person of its group."""
    asked = {"version": task["version"], "person": person, "groups": [task["group"]], **more}
    return system.call("POST", f"/tasks/{task['task_id']}/{action}", asked)
