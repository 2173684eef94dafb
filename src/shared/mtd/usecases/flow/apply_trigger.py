"""From the interpreter's answer to changes: tokens that move, come and go, and the values that the order keeps."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from mtd.domain.errors import Conflict, ProcessError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.domain.orders.order import Order
from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.plan import Node, NodeKind, Plan, TaskAssignment
from mtd.engine.model.tokens import (
    MessageReceived,
    TaskFailed,
    Token,
    TokenChanges,
    Trigger,
    Waits,
    applied,
    token_json,
)
from mtd.engine.rules import evaluator, parser, timers
from mtd.engine.rules.evaluator import Facts
from mtd.engine.runtime import interpreter
from mtd.engine.runtime.restoring import moved_tokens
from mtd.usecases.flow.changes import Changes, NewTask, OrderEvent, OrderValues, OrderVisits, ThrownSignal, TokenPlace
from mtd.usecases.flow.tokens import LockedOrder, TokenRow, VisitCounter

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
    write_step(changes, plan, locked.order_id, locked.rows, step, known, locked.zone, data, locked.visits)
    return step


def write_step(
    changes: Changes,
    plan: Plan,
    order_id: UUID,
    rows: Mapping[int, TokenRow],
    step: TokenChanges,
    known: Facts,
    zone: tzinfo,
    data: Json | None = None,
    visits: Mapping[str, int] | None = None,
) -> None:
    """Add the interpreter's answer to the changes. `zone` is that of the tenant; `visits` are the latest of the order.

    Raises ProcessError before that, when a timer has no time or a task no group.
    """
    tokens = applied({number: row.token for number, row in rows.items()}, step)
    seen: Facts = {**known, "data": {**(known.get("data") or {}), **step.values}} if step.values else known
    places: list[tuple[Token, TokenPlace]] = []
    tasks: list[NewTask] = []
    counted = VisitCounter(plan, tokens, visits or {})
    for token in map(counted.numbered, step.placed):
        # An instance sees its own element; one of an earlier release has none with it.
        around = token.scope if token.element is None else token.id
        inside = seen if around is None else interpreter.facts_at(plan, tokens, around, seen)
        node = plan.nodes[token.node]
        places.append((token, token_place(node, token, inside, zone, data, _since(rows.get(token.id), token))))
        if token.waits is Waits.PERSON:
            tasks.append(_task(order_id, _instance(plan, tokens, token), token, node, inside, zone))
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
    if counted.new:
        changes.visits.append(OrderVisits(order_id=order_id, visits=counted.new))
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
    known = facts(order, locked.values)
    refused = None
    if isinstance(trigger, MessageReceived):
        refused = interpreter.refused_answer(plan, locked.tokens, trigger, known)
    if refused is not None:
        token_id, code = refused
        failure = {"failed": node, "kind": "refused", "code": code, "message": f"{what}: {code}", "attempts": 1}
        trigger, detail = TaskFailed(token=token_id, code=code), {**detail, "code": code}
    step = take_step(changes, plan, locked, trigger, known, failure=failure)
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


def system_server(system: str) -> str:
    """The name of the server of all tasks of a connected system."""
    return f"system:{system}"


def server_of(node: Node) -> str:
    """The name of the server that a service task's binding leads to: a state, a system, a Lambda or a state machine."""
    scheme, _, target = (node.binding or "").partition(":")
    if scheme == "system":
        return system_server(target.partition("/")[0])
    if scheme == "api":
        return "control_error" if target.startswith("/errors/") else target.rpartition("/")[2]
    return target


def token_place(
    node: Node, token: Token, known: Facts, zone: tzinfo, data: Json | None = None, since: datetime | None = None
) -> TokenPlace:
    """The place where the token rests; `since` is when its timer was set up first, now if it is None.

    Raises ProcessError when a timer has no time.
    """
    waits, now = token.waits, datetime.now(UTC)
    timed = waits is Waits.TIME
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
        due_at=timers.due_at(node.time or "", now, known, zone, since) if timed else None,
        since=(since or now) if timed else None,
        visit=token.visit,
        data=data if waits is Waits.SERVICE else None,
    )


def _since(row: TokenRow | None, token: Token) -> datetime | None:
    """When the timer of a token that waits for a time again was set up first."""
    if row is None or row.token.waits is not Waits.TIME or row.token.node != token.node:
        return None
    return row.since


def _instance(plan: Plan, tokens: Mapping[int, Token], token: Token) -> Json:
    """The nearest instance of a multi-instance activity that the token is in: its element, name and number."""
    around: Token | None = token
    while around is not None:
        repeat = plan.nodes[around.node].repeat
        if around.item is not None and repeat is not None:
            return {"element": around.element, "element_name": repeat.name, "item": around.item}
        around = tokens.get(around.scope) if around.scope is not None else None
    return {}


def _task(order_id: UUID, instance: Json, token: Token, node: Node, known: Facts, zone: tzinfo) -> NewTask:
    assignment, now = node.work or TaskAssignment(), datetime.now(UTC)
    due, follow_up = assignment.due, assignment.follow_up
    return NewTask(
        order_id=order_id,
        ordinal=token.id,
        node=node.id,
        name=node.name,
        team=group_of(assignment, known),
        candidate=assignment.candidate or None,
        form=assignment.form or None,
        priority=assignment.priority or None,
        due_at=timers.due_at(due, now, known, zone) if due else None,
        follow_up_at=timers.due_at(follow_up, now, known, zone) if follow_up else None,
        **instance,
    )


def group_of(assignment: TaskAssignment, known: Facts) -> str:
    """The group of a task. Raises ProcessError when a rule gives none."""
    if not assignment.group.startswith("="):
        return assignment.group
    group = evaluator.evaluate(parser.parse(assignment.group[1:]), known)
    if not isinstance(group, str) or not group:
        raise PhrasedError(Phrase("rule_gives_no_group", rule=assignment.group, value=repr(group)), code="unknown_fact")
    return group
