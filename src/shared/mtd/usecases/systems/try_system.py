"""Tries a connected system for an order: the request that its task would send, and the answer to it.

A try has an idempotency key of its own, so that it stands for no visit of the order. A system that acts on each request
acts on a try, too.
"""

import time
import uuid

from mtd.domain.errors import InvalidRequest, MtdError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.domain.orders.order import Order
from mtd.domain.systems.system import System
from mtd.engine.model.plan import Plan
from mtd.engine.rules import evaluator
from mtd.usecases.systems.call_system import payload_of, request_of
from mtd.usecases.systems.ports import UNREADABLE, SystemAnswer, SystemConnection
from mtd.usecases.systems.read_answer import read_answer


def try_system(system: System, task: str, plan: Plan, order: Order, values: Json, connection: SystemConnection) -> Json:
    """The `request`, the `answer` with its `status`, and what the order would get of it.

    `values` are those that the task's order has by then. The last is `values`, or the `error` with code and message.
    Raises InvalidRequest for a task that is none of the system's.
    """
    node = plan.nodes.get(task)
    server, _, name = (node.binding or "").partition("/") if node else ("", "", "")
    if node is None or node.call is None or server != f"system:{system.name}":
        raise InvalidRequest(f"{task!r} is no task of the system {system.name}", code="task_unknown")
    known = facts(order, values)
    try:
        operation = system.operation(name)
    except KeyError:
        raise InvalidRequest(f"{system.name} declares no operation {name!r}", code="operation_unknown") from None
    answered: Json = {"system": system.name, "task": task, "operation": name}
    started = time.perf_counter()
    try:
        request = request_of(operation, node.call, known, f"try:{uuid.uuid4()}")
        answered["request"] = payload_of(system, request)
        answer = connection.send(system, request, system.timeout_seconds)
        answered |= {"ms": round((time.perf_counter() - started) * 1000, 1), "answer": _shown(answer)}
        answered["values"] = read_answer(node.call, answer, known)
    except MtdError as error:
        answered["error"] = {"code": error.code, "message": str(error), "kind": error.kind}
    return answered


def _shown(answer: SystemAnswer) -> Json:
    content = answer.text if answer.content is UNREADABLE else evaluator.captured(answer.content)
    return {"status": answer.status, "content": content}
