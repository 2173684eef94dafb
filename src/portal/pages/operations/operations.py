"""Operations on orders: asked for, tried (the engine's dry run says what would happen), then done and watched."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from starlette.responses import Response

from mtd.domain.errors import Conflict, InvalidRequest, NotFound
from mtd.queries.operations import bulk_operations as queries
from mtd.queries.orders import search
from mtd.queries.orders.order_page import OrderPage, order_page
from mtd.queries.reporting import control_room as figures
from portal.pages.operations import corrections
from portal.pages.operations.correction_lines import LineRow, lines_of
from portal.pages.operations.order_actions import (
    MIGRATE,
    OF_MANY,
    ROLES,
    Choice,
    active_nodes,
    arguments,
    fitting,
    may_operate,
    rollout,
    steps,
)
from portal.pages.orders.filters import IN_PROCESS, given, localised, read_filter
from portal.pages.processes.process_trials import begin_migration
from portal.rendering.catalogue import state_name
from portal.rendering.context import Context, Tab
from portal.rendering.problem import ProblemContext
from portal.visit import Visit

_FILTER_LABELS = {
    "q": "orders.q",
    "state": "orders.state",
    "seller": "orders.seller_name",
    "from": "orders.from",
    "to": "orders.to",
    "min": "orders.min",
    "max": "orders.max",
    "ended": "orders.ended_at",
    "promise": "orders.promised_on",
    "process": "order.process",
    "version": "order.version",
}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFormContext(Context):
    """The form of an `action` on the orders of a `choice`; `order` is the one where it is one. Of a filtered list there
    are `selected` orders, and `selection` names the filter: pairs of field and value.

    `steps` and `active_nodes` are pairs of a node and its name: where an order may be moved to, and where this one is.
    `fields` are the values that may be corrected, in their groups, and `lines` those of the order, a page of them, as
    in CorrectionLinesContext; `given` is what was typed.
    """

    template: ClassVar[str] = "operations/operation_new.html"

    choice: Mapping[str, str]
    order: dict[str, Any] | None
    selected: int | None
    selection: list[tuple[str, str]]
    offered: list[Tab]
    action: str
    problem: str
    steps: list[tuple[str, str]]
    active_nodes: list[tuple[str, str]]
    fields: list[tuple[str, list[corrections.Field]]]
    lines: list[LineRow]
    next_lines: str
    currency: str
    given: Mapping[str, str]


def show_all(visit: Visit) -> Response:
    return visit.page(OperationsContext(rows=queries.list_operations(visit.read)))


def ask(visit: Visit) -> Response:
    """The form: which action, why, and what else it needs."""
    asked = visit.request.query_params
    return _form(visit, Choice.of(asked), asked.get("action", ""))


def try_(visit: Visit) -> Response:
    """Has the engine decide every order and write nothing; the answer is what would happen."""
    choice, action = Choice.of(visit.form), visit.form.get("action", "")
    if refused := _refused(visit, action):
        return refused
    page = _page(visit, choice)
    try:
        body = {
            "reason": visit.form.get("reason", ""),
            **_selection(visit, choice),
            **arguments(action, visit.form, page, visit.locale),
        }
        tried = _begin(visit, action, body | {"dry_run": True}, "try_operation")
    except (InvalidRequest, NotFound, Conflict) as error:
        return _form(visit, choice, action, problem=visit.explain(error))
    return visit.go(f"/operations/{tried}")


def run(visit: Visit) -> Response:
    """Does what was tried, on the same orders, with the same reason."""
    tried = queries.read_operation(visit.read, visit.number("operation_id"))
    action = tried["action"]
    if not may_operate(visit.who.role, action):
        return _forbidden(visit)
    if not tried["dry_run"]:
        raise InvalidRequest("that operation is no dry run", code="no_dry_run")
    if action == MIGRATE:
        return visit.go(f"/operations/{_migrate(visit, tried)}")
    body = {"reason": tried["reason"], **tried["selection"], **tried["arguments"], **rollout(visit.form, visit.locale)}
    return visit.go(f"/operations/{_begin(visit, action, body, 'run_operation')}")


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
    """What the operation's correction would do; None for what is no correction, or has been done."""
    operation = queries.read_operation(visit.read, int(visit.request.path_params["operation"]))
    ids = operation["selection"].get("order_ids", [])
    if operation["action"] != "correct" or not operation["dry_run"] or len(ids) != 1:
        return None
    document = order_page(visit.read, UUID(ids[0]), visit.api.archived).order["document"]
    return corrections.effect(document, operation["arguments"]["document"], visit.locale)


def _page(visit: Visit, choice: Choice) -> OrderPage | None:
    return order_page(visit.read, choice.order_id, visit.api.archived) if choice.order_id else None


def _form(visit: Visit, choice: Choice, action: str, *, problem: str = "") -> Response:
    page = _page(visit, choice)
    offered = fitting(page) if page else list(OF_MANY)
    chosen = action if action in offered else next(iter(offered), "")
    if not problem and action and action != chosen:
        problem = visit.say("code.action_unfit")
    allowed = [one for one in offered if visit.who.role.may(ROLES[one])]
    shown = chosen if chosen in allowed else ""
    names = figures.state_names(visit.read)
    correcting = page is not None and shown == "correct"
    listed = lines_of(visit, page.order, visit.form, corrected=_corrected(visit)) if page and correcting else None

    def named(nodes: Iterable[str]) -> list[tuple[str, str]]:
        return [(node, state_name(visit.locale, node, names)) for node in nodes]

    return visit.answer(
        400 if problem and visit.form else 200,
        OperationFormContext(
            choice=choice.fields,
            order=page.order if page else None,
            selected=_count(visit, choice.query) if choice.query is not None else None,
            selection=_described(visit, choice.query, names) if choice.query is not None else [],
            offered=[
                Tab(
                    label=f"operation.{one}",
                    href=f"/operations/new?{urlencode({**choice.fields, 'action': one})}",
                    chosen=one == shown,
                )
                for one in allowed
            ],
            action=shown,
            problem=problem,
            steps=named(steps(page) if page else names),
            active_nodes=named(active_nodes(page) if page else ()),
            fields=_grouped(page, visit.locale) if page and shown == "correct" else [],
            lines=listed.lines if listed else [],
            next_lines=listed.next_lines if listed else "",
            currency=listed.currency if listed else "",
            given=visit.form,
        ),
    )


def _corrected(visit: Visit) -> set[int]:
    """The places of the lines that a person has begun to correct."""
    asked = visit.request.query_params.get("line", "")
    named = {int(asked) - 1} if asked.isdecimal() and len(asked) < 6 else set()
    return named | set(corrections.touched_lines(visit.form))


def _grouped(page: OrderPage, locale: str) -> list[tuple[str, list[corrections.Field]]]:
    groups: dict[str, list[corrections.Field]] = {}
    for field in corrections.fields(page.order["document"], locale):
        groups.setdefault(field.group, []).append(field)
    return list(groups.items())


def _selection(visit: Visit, choice: Choice) -> dict[str, Any]:
    if choice.order_id is not None:
        return {"order_ids": [str(choice.order_id)]}
    if choice.query is not None:
        return {"order_ids": _listed(visit, choice.query)}
    return {"fingerprint": choice.group}


def _wanted(visit: Visit, query: str) -> search.Filter:
    return read_filter(given(dict(parse_qsl(query))), visit.zone, visit.locale)


def _count(visit: Visit, query: str) -> int:
    """The orders of the list as it is now. Raises InvalidRequest for a filter without sense."""
    return search.count(visit.read, _wanted(visit, query))


def _described(visit: Visit, query: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The filter's fields in words."""
    texts = {**localised(given(dict(parse_qsl(query))), visit.locale)}
    if "state" in texts:
        states = {IN_PROCESS: visit.say("control.in_process")}
        texts["state"] = states.get(texts["state"]) or state_name(visit.locale, texts["state"], names)
    shown = {"ended": "orders.ended_lately", "promise": "orders.promised_soon"}
    return [
        (visit.say(label), visit.say(shown[name]) if name in shown else texts[name])
        for name, label in _FILTER_LABELS.items()
        if name in texts
    ]


def _listed(visit: Visit, query: str) -> list[str]:
    """The orders of the list as it is now. Raises InvalidRequest when they are none or too many to be named."""
    wanted = _wanted(visit, query)
    rows = search.everything(visit.read, wanted, sort=search.Sort.RECEIVED, ascending=True)
    ids = [str(row["order_id"]) for row in islice(rows, _MOST_NAMED + 1)]
    if not ids:
        raise InvalidRequest("the list is empty", code="nothing_selected")
    if len(ids) > _MOST_NAMED:
        raise InvalidRequest(f"the list has more than {_MOST_NAMED} orders: narrow it down", code="too_many_orders")
    return ids


def _begin(visit: Visit, action: str, body: dict[str, Any], recorded: str) -> int:
    detail = {name: value for name, value in body.items() if name not in ("order_ids", "document")}
    subject = f"{action} {_subject(body)}"
    with visit.recording(recorded, subject, **detail) as result:
        begun = visit.api.operate({"action": action, "person": visit.who.name, **body})
        result["operation"] = begun
    return begun


def _migrate(visit: Visit, rehearsed: dict[str, Any]) -> int:
    """What was rehearsed, in earnest."""
    was = rehearsed["arguments"]
    span = {name: was[name] for name in ("from", "to", "map")}
    body = {"mode": "run", "reason": rehearsed["reason"], **span, **rollout(visit.form, visit.locale)}
    return begin_migration(visit, was["process"], body)


def _subject(body: dict[str, Any]) -> str:
    ids = body.get("order_ids", [])
    return str(ids[0]) if len(ids) == 1 else str(body.get("fingerprint") or f"{len(ids)} orders")


def _refused(visit: Visit, action: str) -> Response | None:
    """Raises InvalidRequest for what is no action."""
    if action not in ROLES:
        raise InvalidRequest("there is no such action", code="action_unknown")
    return None if visit.who.role.may(ROLES[action]) else _forbidden(visit)


def _forbidden(visit: Visit) -> Response:
    return visit.answer(403, ProblemContext(kind="forbidden"))
