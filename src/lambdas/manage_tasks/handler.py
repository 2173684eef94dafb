"""/tasks, /messages, /signals, an order's messages and notes, /warnings/{warning_id}/acknowledge: people's work."""

from typing import Any

from mtd.adapters.postgres.reader import PostgresReader
from mtd.adapters.postgres.tasks.tasks import PostgresTasks
from mtd.config import config
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, api_hop, path_parameter, query_parameter
from mtd.entrypoints.people import people_handler
from mtd.entrypoints.requests.messages import read_message
from mtd.entrypoints.requests.notes import read_note
from mtd.entrypoints.requests.tasks import read_number, read_request, read_text
from mtd.queries.tasks.tasks import list_tasks
from mtd.usecases.flow.trace import Caller, hop
from mtd.usecases.messages.message import MessageKind
from mtd.usecases.messages.send_message import send_message, send_signal
from mtd.usecases.operations.write_note import write_note
from mtd.usecases.tasks.manage_tasks import change_task, complete_task, escalate_task


def _list_tasks(event: ApiEvent, _body: Json, _context: Any) -> Json:
    return list_tasks(
        PostgresReader(composition.database()),
        group=query_parameter(event, "group"),
        assignee=query_parameter(event, "assignee"),
        number=query_parameter(event, "number"),
        status=query_parameter(event, "status") or "open",
        limit=read_number(query_parameter(event, "limit") or "100"),
        after=read_number(query_parameter(event, "after") or "0"),
    )


def _act_on_task(event: ApiEvent, body: Json, context: Any) -> Json:
    request, action = read_request(path_parameter(event, "task_id"), body), path_parameter(event, "action")
    tasks, store, caller = PostgresTasks(composition.database()), composition.flow_store(), _caller(event, context)
    match action:
        case "complete":
            return complete_task(request, tasks, composition.forms(), store, caller)
        case "escalate":
            return escalate_task(request, tasks, store, caller)
        case "claim" | "unclaim" | "assign" | "comment":
            return change_task(action, request, tasks, caller.function)
    raise InvalidRequest(f"a task has no action {action!r}", code="action_unknown")


def _send_message(event: ApiEvent, body: Json, context: Any) -> Json:
    number = path_parameter(event, "number") if "{number}" in event["resource"] else None
    message, caller = read_message(MessageKind.MESSAGE, body, number), _caller(event, context)
    return send_message(message, composition.messages(), composition.flow_store(), caller)


def _send_signal(event: ApiEvent, body: Json, context: Any) -> Json:
    signal, caller = read_message(MessageKind.SIGNAL, body), _caller(event, context)
    return send_signal(signal, composition.messages(), composition.flow_store(), caller)


def _write_note(event: ApiEvent, body: Json, _context: Any) -> Json:
    return write_note(read_note(path_parameter(event, "number"), body), composition.notes())


def _acknowledge_warning(event: ApiEvent, body: Json, _context: Any) -> Json:
    warning_id, person = read_number(path_parameter(event, "warning_id")), read_text(body, "person", 200)
    if not person:
        raise InvalidRequest("person must be given", code="request_malformed")
    if not composition.warnings().acknowledge(warning_id, person):
        raise NotFound(
            "there is no open warning with that number: it does not exist, or somebody has acknowledged it",
            code="warning_unknown",
        )
    return {"warning_id": warning_id, "acknowledged_by": person}


def _caller(event: ApiEvent, context: Any) -> Caller:
    here = hop("Lambda", config().function, request_id=context.aws_request_id)
    return Caller(function=config().function, hops=(api_hop(event), here))


ROUTES = {
    "GET /tasks": _list_tasks,
    "POST /tasks/{task_id}/{action}": _act_on_task,
    "POST /orders/{number}/messages": _send_message,
    "POST /messages": _send_message,
    "POST /signals": _send_signal,
    "POST /orders/{number}/notes": _write_note,
    "POST /warnings/{warning_id}/acknowledge": _acknowledge_warning,
}

handler = people_handler(ROUTES)
