"""The actions of people on orders: their roles, the actions that fit an order as it is, and their requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mtd.domain.errors import InvalidRequest
from mtd.queries.orders.order_page import OrderPage
from portal.access.accounts import Role
from portal.pages.operations import corrections
from portal.rendering.typed import read_number

ROLES: Mapping[str, Role] = {
    "retry": Role.OPERATOR,
    "correct": Role.OPERATOR,
    "suspend": Role.OPERATOR,
    "resume": Role.OPERATOR,
    "move": Role.SUPERVISOR,
    "skip": Role.SUPERVISOR,
    "cancel": Role.SUPERVISOR,
}
"""The least role of each. What goes around a step of the process, or undoes it, is a supervisor's."""

MIGRATE = "migrate"
"""Orders that go to another version of their process: an operation as well, asked for on the processes' pages."""

_ROLE_OF_OPERATIONS: Mapping[str, Role] = {**ROLES, MIGRATE: Role.SUPERVISOR}

OF_MANY = tuple(action for action in ROLES if action != "correct")
"""What can be done to many orders at once: each correction is its own."""

_RESTS = ("service", "person", "message", "timer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The selected orders: one, or those of an open cause, or those of a filter of the list."""

    order_id: UUID | None = None
    group: str = ""
    query: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Choice":
        """Raises InvalidRequest when it is not exactly one of them."""
        chosen = [name for name in ("order", "group", "query") if name in given and (given[name] or name == "query")]
        if len(chosen) != 1:
            raise InvalidRequest("say which orders: order, group or query", code="selection_missing")
        try:
            order_id = UUID(given["order"]) if chosen == ["order"] else None
        except ValueError:
            raise InvalidRequest("order must be an id", code="order_ids_malformed") from None
        return cls(
            order_id=order_id,
            group=given["group"] if chosen == ["group"] else "",
            query=given["query"] if chosen == ["query"] else None,
        )

    @property
    def fields(self) -> dict[str, str]:
        """As a form or an address names it."""
        if self.order_id is not None:
            return {"order": str(self.order_id)}
        return {"group": self.group} if self.query is None else {"query": self.query}


def fitting(page: OrderPage) -> list[str]:
    """The actions that an order's state allows; the engine has the last word, under the order's lock."""
    order = page.order
    if order["archived_at"] is not None:
        return []
    failed = any(incident["resolved_at"] is None for incident in page.incidents)
    suspended, ended = order["suspended_at"] is not None, order["outcome"] is not None
    if ended and not failed and order["outcome"] != "exception":
        return []
    allowed = {
        "retry": failed,
        "correct": failed or (suspended and not ended),
        "suspend": not ended and not suspended,
        "resume": suspended,
        "move": failed or not ended,
        "skip": failed or not ended,
        "cancel": True,
    }
    return [action for action in ROLES if allowed[action]]


def may_operate(role: Role, action: str) -> bool:
    """Whether that role may begin or stop an operation of that kind, a migration too."""
    return role.may(_ROLE_OF_OPERATIONS[action])


def resting(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps of a process at which an order can rest."""
    return [node for node in plan["nodes"] if node.get("kind") in _RESTS]


def steps(page: OrderPage) -> list[str]:
    """The names of those of the order's process."""
    return [node["id"] for node in resting(page.order["plan"])]


def active_nodes(page: OrderPage) -> list[str]:
    """The nodes of the order's tokens and open incidents: several where its path has branched."""
    nodes = [token["node"] for token in page.tokens]
    nodes += [incident["state"] for incident in page.incidents if incident["resolved_at"] is None]
    return list(dict.fromkeys(nodes))


def arguments(action: str, form: Mapping[str, str], page: OrderPage | None, locale: str) -> dict[str, Any]:
    """The action's own fields, besides the orders and the reason. Raises InvalidRequest."""
    if action == "correct":
        if page is None:
            raise InvalidRequest("one order is corrected at a time: name it", code="one_order_only")
        return {"document": corrections.patch(page.order["document"], form, locale)}
    names = {"move": ("node", "at"), "skip": ("at",)}.get(action, ())
    return {name: form[name] for name in names if form.get(name)}


def rollout(form: Mapping[str, str], locale: str) -> dict[str, Any]:
    """The pace of a bulk operation, from `canary` (orders), `rate` (orders a second) and `stop_at` (percent), as people
    type them.

    Raises InvalidRequest.
    """
    typed = {name: read_number(form[name], locale) for name in ("canary", "rate", "stop_at") if form.get(name)}
    pace: dict[str, Any] = {name: float(number) for name, number in typed.items()}
    if "canary" in typed:
        if typed["canary"] != int(typed["canary"]):
            raise InvalidRequest("canary is a number of orders", code="number_malformed")
        pace["canary"] = int(typed["canary"])
    return pace | ({"stop_at": pace["stop_at"] / 100} if "stop_at" in pace else {})
