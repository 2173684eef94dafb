"""People's work: take a task, give it away, do it; and what the world tells an order that waits for a message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mtd.domain.errors import Conflict, InvalidRequest, NotFound, ProcessError
from mtd.domain.json_types import Json
from mtd.engine.model.tokens import MessageReceived, TaskCompleted, TaskEscalated, Trigger, Waits
from mtd.usecases.flow.apply_trigger import apply_trigger, token_of_row
from mtd.usecases.flow.cases import Changes, CurrentToken, LockedOrder
from mtd.usecases.flow.trace import Hop
from mtd.usecases.ports import FlowStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as it stands; `place` is where its token rests, None when it has gone."""

    task_id: int
    version: int
    status: str
    name: str
    assignee: str | None
    schema: Any
    place: CurrentToken | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """What a person asks: `version` is that of the task they saw, `person` who they are."""

    task_id: int
    version: int
    person: str
    assignee: str | None = None
    values: Json | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Which function serves the request, and how it came."""

    function: str
    hops: tuple[Hop, ...]


class Tasks(Protocol):
    """The tasks of PostgreSQL."""

    def task(self, task_id: int) -> Task | None: ...

    def change(self, request: TaskRequest, *, assigns: bool, assignee: str | None) -> bool:
        """Write assignee and comment of an open task of that version. Whether it was."""
        ...

    def listening(self, number: str, seller: str | None, message: str) -> list[CurrentToken]:
        """A token of each order of that number that waits for the message."""
        ...


class Forms(Protocol):
    """JSON Schemas of forms."""

    def validate(self, schema: Any, values: Json) -> None:
        """Raises InvalidRequest (`form_refused`) that says what is wrong with the values."""
        ...


def change_task(action: str, request: TaskRequest, tasks: Tasks) -> Json:
    """`claim`, `unclaim`, `assign` or `comment`. Raises Conflict when the task is not as the person saw it."""
    task = _seen(request, tasks)
    if action == "claim" and task.assignee not in (None, request.person):
        raise Conflict(f"{task.name!r} is {task.assignee}'s", code="task_taken")
    if action == "unclaim" and task.assignee != request.person:
        raise Conflict(f"{task.name!r} is not {request.person}'s", code="task_taken")
    if action == "assign" and not request.assignee:
        raise InvalidRequest("assignee must name a person", code="assignee_missing")
    assignee = {"claim": request.person, "assign": request.assignee}.get(action)
    if not tasks.change(request, assigns=action != "comment", assignee=assignee):
        raise _stale(task)
    return {"task_id": task.task_id, "version": task.version + 1, "done": action}


def complete_task(request: TaskRequest, tasks: Tasks, forms: Forms, work: FlowStore, caller: Caller) -> Json:
    """Do it: the values, which the form must take, go to the order's data, and the order goes on.

    Raises Conflict when the task is not as the person saw it, or is another's: of two people, one completes it.
    """
    task, values = _seen(request, tasks), request.values or {}
    if task.assignee not in (None, request.person):
        raise Conflict(f"{task.name!r} is {task.assignee}'s", code="task_taken")
    if task.schema is not None:
        forms.validate(task.schema, values)
    completed = {"task_id": task.task_id, "person": request.person, "result": values, "comment": request.comment}
    _happen(task, lambda token: TaskCompleted(token=token, values=values), "task completed", work, caller, [completed])
    return {"task_id": task.task_id, "version": task.version + 1, "done": "complete"}


def escalate_task(request: TaskRequest, tasks: Tasks, work: FlowStore, caller: Caller) -> Json:
    """Set off the task's escalation event. Raises Conflict when it has none."""
    task = _seen(request, tasks)
    _happen(task, lambda token: TaskEscalated(token=token), "task escalated", work, caller, [])
    return {"task_id": task.task_id, "version": task.version, "done": "escalate"}


def send_message(
    number: str, seller: str | None, message: str, values: Json, tasks: Tasks, work: FlowStore, caller: Caller
) -> Json:
    """Tell the orders of that number what they wait for. Raises NotFound when none of them does."""
    places = tasks.listening(number, seller, message)
    told: list[str] = []
    plans = work.plans(sorted({place.process_version_id for place in places}))

    def decide(place: CurrentToken, held: LockedOrder) -> Changes:
        occurrence = MessageReceived(message=message, values=values)
        detail: Json = {"message": message, "hops": list(caller.hops)}
        plan = plans[place.process_version_id]
        changes = apply_trigger(plan, held, occurrence, place.node, caller.function, "message received", detail)
        told.append(str(place.order_id))
        return changes

    _commit(work, places, decide)
    if not told:
        raise NotFound(f"no order {number!r} waits for the message {message!r}", code="nothing_waits")
    return {"orders": told}


def _seen(request: TaskRequest, tasks: Tasks) -> Task:
    task = tasks.task(request.task_id)
    if task is None:
        raise NotFound(f"there is no task {request.task_id}", code="task_unknown")
    if task.status != "open" or task.version != request.version or task.place is None:
        raise _stale(task)
    return task


def _stale(task: Task) -> Conflict:
    return Conflict(f"{task.name!r} has changed: it is {task.status}, version {task.version}", code="task_changed")


def _happen(
    task: Task,
    occurrence_at: Callable[[int], Trigger],
    what: str,
    work: FlowStore,
    caller: Caller,
    completed: list[Json],
) -> None:
    assert task.place is not None
    plan = work.plans([task.place.process_version_id])[task.place.process_version_id]
    decided: list[Changes] = []

    def decide(place: CurrentToken, held: LockedOrder) -> Changes:
        occurrence = occurrence_at(token_of_row(held, place.token_id).id)
        detail: Json = {"task": task.name, "hops": list(caller.hops)}
        if completed:
            detail["by"] = completed[0]["person"]
        changes = apply_trigger(plan, held, occurrence, place.node, caller.function, what, detail)
        changes.completed += completed
        decided.append(changes)
        return changes

    _commit(work, [task.place], decide)
    if not decided:
        raise _stale(task)


def _commit(
    work: FlowStore, places: Sequence[CurrentToken], decide: Callable[[CurrentToken, LockedOrder], Changes]
) -> None:
    """Nothing is written where the process cannot go on: the caller is told instead."""
    try:
        work.commit(places, decide, orders=True)
    except ProcessError as error:
        raise Conflict(str(error), code=error.code) from None


def place_of(row: Json) -> CurrentToken:
    """The place of a row that `listening` or `task` gave."""
    return CurrentToken(
        token_id=row["token_id"],
        version=row["version"],
        node=row["node"],
        attempts=row["attempts"],
        data=row["data"],
        order_id=row["order_id"],
        process_version_id=row["process_version_id"],
        due_at=row["due_at"],
        outcome_unknown=False,
        waits=Waits.PERSON,
    )
