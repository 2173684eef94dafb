"""Operations on orders: asked for, tried (the engine's dry run says what would happen), then done and watched."""

from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar
from uuid import UUID

from starlette.responses import Response

from mtd.domain.errors import Conflict, InvalidRequest, NotFound
from mtd.queries.operations import bulk_operations as queries
from mtd.queries.orders import search
from mtd.queries.orders.order_page import order_page
from portal.pages.operations import corrections
from portal.pages.operations.operation_form import chosen_filter, page_of, show_form
from portal.pages.operations.order_actions import (
    MIGRATE,
    ROLES,
    Choice,
    arguments,
    may_operate,
    rollout,
)
from portal.pages.processes.process_trials import begin_migration
from portal.rendering.context import Context
from portal.rendering.problem import ProblemContext
from portal.visit import Visit

_MOST_NAMED = 10_000
"""As many orders as the API lets one operation name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsContext(Context):
    template: ClassVar[str] = "operations/operations.html"

    rows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationProgressContext(Context):
    """One operation with a page of its orders; `allowed` when the visitor may run, stop or reverse it."""

    template: ClassVar[str] = "operations/operation_progress.html"

    operation: dict[str, Any]
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationContext(OperationProgressContext):
    """`effect` is what a correction that was tried would do to the order as it is now."""

    template: ClassVar[str] = "operations/operation.html"

    effect: corrections.Effect | None


def show_all(visit: Visit) -> Response:
    return visit.page(OperationsContext(rows=queries.list_operations(visit.read)))


def ask(visit: Visit) -> Response:
    """The form: which action, why, and what else it needs."""
    asked = visit.request.query_params
    return show_form(visit, Choice.of(asked), asked.get("action", ""))


def try_(visit: Visit) -> Response:
    """Has the engine decide every order and write nothing; the answer is what would happen."""
    choice, action = Choice.of(visit.form), visit.form.get("action", "")
    if refused := _refused(visit, action):
        return refused
    page = page_of(visit, choice)
    try:
        body = {
            "reason": visit.form.get("reason", ""),
            **_selection(visit, choice),
            **arguments(action, visit.form, page, visit.locale),
        }
        tried = _begin(visit, action, body | {"dry_run": True}, "try_operation", body)
    except (InvalidRequest, NotFound, Conflict) as error:
        return show_form(visit, choice, action, problem=visit.explain(error))
    return visit.go(f"/operations/{tried}")


def run(visit: Visit) -> Response:
    """Does what was tried, on exactly the orders that the dry run found ready, with the same reason."""
    tried = queries.read_operation(visit.read, visit.number("operation_id"))
    action = tried["action"]
    if not may_operate(visit.who.role, action):
        return _forbidden(visit)
    if not tried["dry_run"]:
        raise InvalidRequest("that operation is no dry run", code="no_dry_run")
    if action == MIGRATE:
        return visit.go(f"/operations/{_migrate(visit, tried)}")
    body = {
        "reason": tried["reason"],
        "tried": tried["operation_id"],
        **tried["arguments"],
        **rollout(visit.form, visit.locale),
    }
    return visit.go(f"/operations/{_begin(visit, action, body, 'run_operation', tried['selection'])}")


def stop(visit: Visit) -> Response:
    operation_id = visit.number("operation_id")
    running = queries.read_operation(visit.read, operation_id)
    if not may_operate(visit.who.role, running["action"]):
        return _forbidden(visit)
    with visit.recording("stop_operation", str(operation_id)):
        visit.api.stop_operation(operation_id, visit.who.name)
    return visit.go(f"/operations/{operation_id}", "operation_stopped")


def show(visit: Visit) -> Response:
    """One operation: how far it is and what became, or would become, of each order."""
    return visit.page(OperationContext(**_progress(visit), effect=_effect(visit)))


def progress(visit: Visit) -> Response:
    """The part of it that changes; it asks for itself until the operation ends."""
    return visit.page(OperationProgressContext(**_progress(visit)))


def _progress(visit: Visit) -> dict[str, Any]:
    operation_id = int(visit.request.path_params["operation"])
    after = visit.request.query_params.get("after", "")
    operation = queries.read_operation(
        visit.read, operation_id, int(after) if after.isdecimal() and len(after) < 9 else 0
    )
    return {"operation": operation, "allowed": may_operate(visit.who.role, operation["action"])}


def _effect(visit: Visit) -> corrections.Effect | None:
    """The effect of the operation's correction; None for an operation that is no correction, or that is done."""
    operation = queries.read_operation(visit.read, int(visit.request.path_params["operation"]))
    ids = operation["selection"].get("order_ids", [])
    if operation["action"] != "correct" or not operation["dry_run"] or len(ids) != 1:
        return None
    document = order_page(visit.read, UUID(ids[0]), visit.api.archived).order["document"]
    return corrections.effect(document, operation["arguments"]["document"], visit.locale)


def _selection(visit: Visit, choice: Choice) -> dict[str, Any]:
    if choice.order_id is not None:
        return {"order_ids": [str(choice.order_id)]}
    if choice.query is not None:
        return {"order_ids": _listed(visit, choice.query)}
    return {"fingerprint": choice.group}


def _listed(visit: Visit, query: str) -> list[str]:
    """The orders of the list as it is now. Raises InvalidRequest when they are none or too many to be named."""
    wanted = chosen_filter(visit, query)
    rows = search.everything(visit.read, wanted, sort=search.Sort.RECEIVED, ascending=True)
    ids = [str(row["order_id"]) for row in islice(rows, _MOST_NAMED + 1)]
    if not ids:
        raise InvalidRequest("the list is empty", code="nothing_selected")
    if len(ids) > _MOST_NAMED:
        raise InvalidRequest(f"the list has more than {_MOST_NAMED} orders: narrow it down", code="too_many_orders")
    return ids


def _begin(visit: Visit, action: str, body: dict[str, Any], recorded: str, selected: dict[str, Any]) -> int:
    detail = {name: value for name, value in body.items() if name not in ("order_ids", "document")}
    subject = f"{action} {_subject(selected)}"
    with visit.recording(recorded, subject, **detail) as result:
        begun = visit.api.operate({"action": action, "person": visit.who.name, **body})
        result["operation"] = begun
    return begun


def _migrate(visit: Visit, rehearsed: dict[str, Any]) -> int:
    """Runs the operation that was tried."""
    was = rehearsed["arguments"]
    span = {name: was[name] for name in ("from", "to", "map")}
    body = {"mode": "run", "reason": rehearsed["reason"], **span, **rollout(visit.form, visit.locale)}
    return begin_migration(visit, was["process"], body)


def _subject(selected: dict[str, Any]) -> str:
    ids = selected.get("order_ids", [])
    return str(ids[0]) if len(ids) == 1 else str(selected.get("fingerprint") or f"{len(ids)} orders")


def _refused(visit: Visit, action: str) -> Response | None:
    """Raises InvalidRequest for what is no action."""
    if action not in ROLES:
        raise InvalidRequest("there is no such action", code="action_unknown")
    return None if visit.who.role.may(ROLES[action]) else _forbidden(visit)


def _forbidden(visit: Visit) -> Response:
    return visit.answer(403, ProblemContext(kind="forbidden"))
