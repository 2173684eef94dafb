"""The form of an operation: which action, on which orders, and what else it needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from mtd.queries.orders import search
from mtd.queries.orders.order_page import OrderPage, order_page
from mtd.queries.reporting import control_room as figures
from portal.pages.operations import corrections
from portal.pages.operations.correction_lines import LineRow, lines_of
from portal.pages.operations.order_actions import OF_MANY, ROLES, Choice, active_nodes, fitting, steps
from portal.pages.orders.filters import IN_PROCESS, given, localised, read_filter
from portal.rendering.catalogue import state_name
from portal.rendering.context import Context, Tab
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
    fields: list[tuple[str, list[corrections.OrderField]]]
    lines: list[LineRow]
    next_lines: str
    currency: str
    given: Mapping[str, str]


def show_form(visit: Visit, choice: Choice, action: str, *, problem: str = "") -> Response:
    """The form; with a `problem` it has what was typed. Raises NotFound, InvalidRequest."""
    page = page_of(visit, choice)
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


def page_of(visit: Visit, choice: Choice) -> OrderPage | None:
    """The order of the choice, where it is one. Raises NotFound."""
    return order_page(visit.read, choice.order_id, visit.api.archived) if choice.order_id else None


def chosen_filter(visit: Visit, query: str) -> search.Filter:
    """The filter of the list that was chosen. Raises InvalidRequest."""
    return read_filter(given(dict(parse_qsl(query))), visit.zone, visit.locale)


def _corrected(visit: Visit) -> set[int]:
    """The places of the lines that a person has begun to correct."""
    asked = visit.request.query_params.get("line", "")
    named = {int(asked) - 1} if asked.isdecimal() and len(asked) < 6 else set()
    return named | set(corrections.touched_lines(visit.form))


def _grouped(page: OrderPage, locale: str) -> list[tuple[str, list[corrections.OrderField]]]:
    groups: dict[str, list[corrections.OrderField]] = {}
    for field in corrections.fields(page.order["document"], locale):
        groups.setdefault(field.group, []).append(field)
    return list(groups.items())


def _count(visit: Visit, query: str) -> int:
    """The orders of the list as it is now. Raises InvalidRequest for a filter without sense."""
    return search.count(visit.read, chosen_filter(visit, query))


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
