"""From what the interpreter answers to rows: tokens that move, come and go, and the values that the order keeps."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from mtd.domain.errors import ConfigurationError, Conflict
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.engine.model import tokens as engine
from mtd.engine.model.plan import Node, NodeKind, Plan, TaskAssignment
from mtd.engine.model.tokens import Token, Trigger, Waits, token_json
from mtd.engine.rules import timers
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import interpreter
from mtd.engine.runtime.restoring import moved_tokens
from mtd.usecases.flow.cases import Changes, LockedOrder, TokenRow


def take_step(
    changes: Changes,
    plan: Plan,
    held: LockedOrder,
    occurrence: Trigger,
    known: Facts,
    data: Json | None = None,
    failure: Json | None = None,
) -> engine.TokenChanges:
    """Add the rows of the step to the changes; what the interpreter answered.

    `data` goes with each token that a server takes next; a `failure` goes with where the order stood before it.
    Raises ProcessError, before anything is added.
    """
    tokens = active_tokens(held)
    step = interpreter.step(plan, tokens, occurrence, known)
    if failure is not None:
        data = {**failure, "stood": [token_json(token) for token in moved_tokens(tokens, step)]}
    write_step(changes, plan, held.order_id, held.standing, step, known, data)
    return step


def write_step(
    changes: Changes,
    plan: Plan,
    order_id: UUID,
    standing: Mapping[int, TokenRow],
    step: engine.TokenChanges,
    known: Facts,
    data: Json | None = None,
) -> None:
    """The rows of what the interpreter answered. Raises ProcessError when a timer has no time."""
    tokens = engine.applied({number: each.token for number, each in standing.items()}, step)
    seen: Facts = {**known, "data": {**(known.get("data") or {}), **step.values}} if step.values else known
    moves: list[Json] = []
    news: list[Json] = []
    tasks: list[Json] = []
    for token in step.placed:
        inside = seen if token.scope is None else interpreter.facts_at(plan, tokens, token.scope, seen)
        row = token_row(plan.nodes[token.node], token, inside, data)
        if token.waits is Waits.PERSON:
            tasks.append({"order_id": str(order_id), "ordinal": token.id, **_task(plan.nodes[token.node], inside)})
        stood = standing.get(token.id)
        if stood is None:
            news.append({"order_id": str(order_id), "ordinal": token.id, **row})
        else:
            moves.append({"token_id": stood.token_id, "version": stood.version, **row})
    changes.moves += moves
    changes.tokens += news
    changes.tasks += tasks
    left = [standing[n] for n in (*step.consumed, *(token.id for token in step.placed)) if n in standing]
    changes.left += [{"token_id": each.token_id} for each in left if each.token.waits is Waits.PERSON]
    for number in step.consumed:
        changes.ends.append({"token_id": standing[number].token_id, "version": standing[number].version})
    if step.values:
        changes.values.append({"order_id": str(order_id), "data": dict(step.values)})


def apply_trigger(
    plan: Plan,
    held: LockedOrder,
    occurrence: Trigger,
    node: str,
    who: str,
    what: str,
    detail: Json,
    failure: Json | None = None,
) -> Changes:
    """All that an occurrence from outside a state's function writes: its step, its event, and the order's end.

    The order must have been held with its content. Raises ProcessError, Conflict for a suspended order.
    """
    if held.order is None:
        raise ConfigurationError("an order must be held with its content for an occurrence")
    if held.suspended:
        raise Conflict(f"order {held.order.number!r} is suspended: resume it first", code="order_suspended")
    changes = Changes()
    step = take_step(changes, plan, held, occurrence, facts(held.order, held.values), failure=failure)
    order_id = str(held.order_id)
    if step.outcome is not None:
        changes.order_ends.append({"order_id": order_id, "outcome": step.outcome, "reason": None})
    changes.events.append(
        {
            "order_id": order_id,
            "who": who,
            "source": "PostgreSQL",
            "what": what,
            "from_state": node,
            "to_state": resting_place(step),
            "detail": detail,
        }
    )
    return changes


def active_tokens(held: LockedOrder) -> dict[int, Token]:
    """The order's living tokens as the interpreter takes them."""
    return {number: each.token for number, each in held.standing.items()}


def token_of_row(held: LockedOrder, token_id: int) -> Token:
    """The interpreter's token of that row."""
    return next(each.token for each in held.standing.values() if each.token_id == token_id)


def resting_place(step: engine.TokenChanges) -> str:
    """Where the step led: the nodes where tokens came to rest, or the end that the order reached."""
    places = [token.node for token in step.placed if token.host is None and token.waits is not Waits.INSIDE]
    return step.outcome or ", ".join(dict.fromkeys(places)) or next(reversed(step.visited), "")


def server_of(node: Node) -> str:
    """The name of the server that a service task's binding leads to: a state, a Lambda or a state machine."""
    scheme, _, target = (node.binding or "").partition(":")
    if scheme == "api":
        return "control_error" if target.startswith("/errors/") else target.rpartition("/")[2]
    return target


def token_row(node: Node, token: Token, known: Facts, data: Json | None) -> Json:
    """What the row of a token says of its place. Raises ProcessError when a timer has no time."""
    row = token_json(token)
    del row["id"]
    if "left" in row:
        row["remaining"] = row.pop("left")
    if token.waits is Waits.SERVICE:
        row["data"] = data
        if node.kind is NodeKind.SERVICE and (server := server_of(node)) != node.id:
            row["server"] = server
    elif token.waits is Waits.TIME:
        row["due_at"] = _moment(node.time or "", known)
    elif token.waits is Waits.MESSAGE:
        row["message"] = node.code
    return row


def _task(node: Node, known: Facts) -> Json:
    work = node.work or TaskAssignment()
    return {
        "node": node.id,
        "name": node.name,
        "team": work.group,
        "candidate": work.candidate or None,
        "form": work.form or None,
        "priority": work.priority or None,
        "due_at": _moment(work.due, known) if work.due else None,
        "follow_up_at": _moment(work.follow_up, known) if work.follow_up else None,
    }


def _moment(text: str, known: Facts) -> str:
    return timers.due_at(text, datetime.now(UTC), known).isoformat()
