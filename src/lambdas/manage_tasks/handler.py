"""/tasks, POST /orders/{number}/messages and notes, /warnings/{warning_id}/acknowledge: people's work, what is told."""

from typing import Any
from urllib.parse import unquote

from mtd.adapters.postgres.reader import PostgresReader
from mtd.adapters.postgres.tasks.tasks import PostgresTasks
from mtd.config import config
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, api_hop, query_parameter
from mtd.entrypoints.people import people_handler
from mtd.entrypoints.requests.notes import read_note
from mtd.entrypoints.requests.tasks import read_number, read_request, read_text, read_values
from mtd.queries.tasks.tasks import list_tasks
from mtd.usecases.flow.trace import hop
from mtd.usecases.operations.write_note import write_note
from mtd.usecases.tasks.manage_tasks import Caller, change_task, complete_task, escalate_task, send_message


def _serve(event: ApiEvent, body: Json, context: Any) -> Json:
    if event["httpMethod"] == "GET":
        return _list(event)
    if event["resource"] == "/orders/{number}/notes":
        return write_note(read_note(unquote(event["pathParameters"]["number"]), body), composition.notes())
    tasks, path = PostgresTasks(composition.database()), event["pathParameters"]
    here = hop("Lambda", config().function, request_id=context.aws_request_id)
    caller = Caller(function=config().function, hops=(api_hop(event), here))
    if "number" in path:
        message, seller = read_text(body, "message", 200), body.get("seller")
        if not message or not (seller is None or isinstance(seller, str)):
            raise InvalidRequest("message must be a name, seller an id", code="message_malformed")
        number = unquote(path["number"])
        return send_message(number, seller, message, read_values(body), tasks, composition.flow_store(), caller)
    if "warning_id" in path:
        return _acknowledge(path["warning_id"], body)
    request = read_request(path["task_id"], body)
    match path["action"]:
        case "complete":
            return complete_task(request, tasks, composition.forms(), composition.flow_store(), caller)
        case "escalate":
            return escalate_task(request, tasks, composition.flow_store(), caller)
        case "claim" | "unclaim" | "assign" | "comment" as action:
            return change_task(action, request, tasks)
    raise InvalidRequest(f"{path['action']!r} is nothing to do with a task", code="action_unknown")


def _acknowledge(number: str, body: Json) -> Json:
    person = read_text(body, "person", 200)
    if not person:
        raise InvalidRequest("person must be given", code="request_malformed")
    if not composition.warnings().acknowledge(read_number(number), person):
        raise NotFound("there is no warning of that number that nobody has acknowledged", code="warning_unknown")
    return {"warning_id": int(number), "acknowledged_by": person}


def _list(event: ApiEvent) -> Json:
    limit, after = query_parameter(event, "limit") or "100", query_parameter(event, "after") or "0"
    return list_tasks(
        PostgresReader(composition.database()),
        group=query_parameter(event, "group"),
        assignee=query_parameter(event, "assignee"),
        number=query_parameter(event, "number"),
        status=query_parameter(event, "status") or "open",
        limit=read_number(limit),
        after=read_number(after),
    )


handler = people_handler(_serve)
