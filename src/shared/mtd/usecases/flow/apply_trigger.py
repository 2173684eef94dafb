"""From the interpreter's answer to changes: tokens that move, come and go, and the values that the order keeps."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from mtd.domain.business_zone import business_zone
from mtd.domain.errors import Conflict, ProcessError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.domain.orders.order import Order
from mtd.engine.model.plan import Node, NodeKind, Plan, TaskAssignment
from mtd.engine.model.tokens import Token, TokenChanges, Trigger, Waits, applied, token_json
from mtd.engine.rules import timers
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import interpreter
from mtd.engine.runtime.restoring import moved_tokens
from mtd.usecases.flow.changes import Changes, NewTask, OrderEvent, OrderValues, ThrownSignal, TokenPlace
from mtd.usecases.flow.tokens import LockedOrder, TokenRow

NAMED = frozenset({Waits.MESSAGE, Waits.SIGNAL})
"""Tokens that wait for something by its name."""

NO_PLACES = frozenset({Waits.INSIDE, Waits.DONE})
"""Tokens that hold others, or whose activity is done: the order is elsewhere."""


def take_step(
    changes: Changes,
    plan: Plan,
    locked: LockedOrder,
    trigger: Trigger,
    known: Facts,
    data: Json | None = None,
    failure: Json | None = None,
) -> TokenChanges:
    """Take a step, and add its writes to the changes. Returns the interpreter's answer.

    `data` goes to each token that a server takes next; a `failure` goes there with the tokens before the step.
    Raises ProcessError before it adds anything.
    """
    tokens = locked.tokens
    step = interpreter.step(plan, tokens, trigger, known)
    if failure is not None:
        data = {**failure, "stood": [token_json(token) for token in moved_tokens(tokens, step)]}
    write_step(changes, plan, locked.order_id, locked.rows, step, known, data)
    return step


def write_step(
    changes: Changes,
    plan: Plan,
    order_id: UUID,
    rows: Mapping[int, TokenRow],
    step: TokenChanges,
    known: Facts,
    data: Json | None = None,
) -> None:
    """Add the interpreter's answer to the changes. Raises ProcessError before that, when a timer has no time."""
    tokens = applied({number: row.token for number, row in rows.items()}, step)
    seen: Facts = {**known, "data": {**(known.get("data") or {}), **step.values}} if step.values else known
    places: list[tuple[Token, TokenPlace]] = []
    tasks: list[NewTask] = []
    for token in step.placed:
        # An instance sees its own element; one of an earlier release has none with it.
        around = token.scope if token.element is None else token.id
        inside = seen if around is None else interpreter.facts_at(plan, tokens, around, seen)
        node = plan.nodes[token.node]
        places.append((token, token_place(node, token, inside, data)))
        if token.waits is Waits.PERSON:
            tasks.append(_task(order_id, token, node, inside))
    for token, place in places:
        if token.id in rows:
            changes.move(rows[token.id], place)
        else:
            changes.insert(order_id, token.id, place)
    changes.new_tasks += tasks
    left = [rows[number] for number in (*step.consumed, *(token.id for token in step.placed)) if number in rows]
    changes.cancelled_tasks += [row.token_id for row in left if row.token.waits is Waits.PERSON]
    for number in step.consumed:
        changes.delete(rows[number])
    if step.values:
        changes.values.append(OrderValues(order_id=order_id, data=dict(step.values)))
    changes.signals += [ThrownSignal(order_id=order_id, signal=each) for each in dict.fromkeys(step.signals)]


def apply_trigger(
    plan: Plan,
    locked: LockedOrder,
    trigger: Trigger,
    node: str,
    who: str,
    what: str,
    detail: Json,
    failure: Json | None = None,
) -> Changes:
    """The changes of a trigger that no state's function sends: its step, its event, and the order's end.

    The unit of work must have locked the order with its content. Raises ProcessError, Conflict for a suspended order.
    """
    order, changes = content_of(locked), Changes()
    if locked.suspended:
        raise Conflict(f"order {order.number!r} is suspended: resume it, then send this again", code="order_suspended")
    step = take_step(changes, plan, locked, trigger, facts(order, locked.values), failure=failure)
    if step.outcome is not None:
        changes.end(locked.order_id, step.outcome)
    to_state = resting_place(step)
    changes.record(
        OrderEvent(order_id=locked.order_id, who=who, what=what, from_state=node, to_state=to_state, detail=detail)
    )
    return changes


def content_of(locked: LockedOrder) -> Order:
    """The order's content. Raises ProcessError where this code cannot read it."""
    if locked.order is None:
        raise ProcessError(
            "the order's stored content cannot be read: correct the order, then retry", code="order_unreadable"
        )
    return locked.order


def resting_place(step: TokenChanges) -> str:
    """The nodes where the step's tokens came to rest, or the end that the order reached."""
    places = [token.node for token in step.placed if token.host is None and token.waits not in NO_PLACES]
    return step.outcome or ", ".join(dict.fromkeys(places)) or next(reversed(step.visited), "")


def server_of(node: Node) -> str:
    """The name of the server that a service task's binding leads to: a state, a Lambda or a state machine."""
    scheme, _, target = (node.binding or "").partition(":")
    if scheme == "api":
        return "control_error" if target.startswith("/errors/") else target.rpartition("/")[2]
    return target


def token_place(node: Node, token: Token, known: Facts, data: Json | None) -> TokenPlace:
    """The place where the token rests. Raises ProcessError when a timer has no time."""
    waits = token.waits
    server = server_of(node) if waits is Waits.SERVICE and node.kind is NodeKind.SERVICE else node.id
    return TokenPlace(
        node=token.node,
        waits=waits,
        server=server if server != node.id else None,
        scope=token.scope,
        host=token.host,
        via=token.via,
        item=token.item,
        size=token.size,
        remaining=token.left,
        element=token.element,
        elements=token.elements,
        own_values=token.values,
        message=node.code if waits in NAMED else None,
        due_at=_moment(node.time or "", known) if waits is Waits.TIME else None,
        data=data if waits is Waits.SERVICE else None,
    )


def _task(order_id: UUID, token: Token, node: Node, known: Facts) -> NewTask:
    assignment = node.work or TaskAssignment()
    return NewTask(
        order_id=order_id,
        ordinal=token.id,
        node=node.id,
        name=node.name,
        team=assignment.group,
        candidate=assignment.candidate or None,
        form=assignment.form or None,
        priority=assignment.priority or None,
        due_at=_moment(assignment.due, known) if assignment.due else None,
        follow_up_at=_moment(assignment.follow_up, known) if assignment.follow_up else None,
    )


def _moment(text: str, known: Facts) -> datetime:
    return timers.due_at(text, datetime.now(UTC), known, business_zone())
