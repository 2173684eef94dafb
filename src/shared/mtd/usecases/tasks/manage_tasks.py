"""People's work: claim, assign, complete, comment and escalate tasks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mtd.domain.errors import Conflict, Forbidden, InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.engine.model.tokens import TaskCompleted, TaskEscalated, Trigger, Waits
from mtd.usecases.flow.changes import CompletedTask
from mtd.usecases.flow.failures import go_on
from mtd.usecases.flow.tokens import CurrentToken
from mtd.usecases.flow.trace import Caller
from mtd.usecases.ports import FlowStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A person's task."""

    task_id: int
    version: int
    status: str
    name: str
    #: The group whose people may do it.
    team: str
    #: The person for whom the process means it.
    candidate: str | None
    assignee: str | None
    #: The JSON Schema of its form.
    schema: Any
    #: The token that rests at it; None when the token has moved on.
    token: CurrentToken | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """A person's request about a task."""

    task_id: int
    #: The version of the task that the person saw.
    version: int
    person: str
    #: The groups of the person, as the caller knows them. Those of a user of the portal are the portal's.
    groups: tuple[str, ...] = ()
    assignee: str | None = None
    values: Json | None = None
    comment: str | None = None


class Tasks(Protocol):
    """The tasks of PostgreSQL."""

    def task(self, task_id: int) -> Task | None: ...

    def groups_of(self, person: str) -> Sequence[str] | None:
        """The groups of the portal's user of that name, none for a disabled one; None when there is no such user."""
        ...

    def change(self, request: TaskRequest, what: str, function: str, *, assigns: bool, assignee: str | None) -> bool:
        """Write assignee and comment of an open task of that version, and the event `what` of its order. Returns
        whether there was one."""
        ...


class Forms(Protocol):
    """JSON Schemas of forms."""

    def validate(self, schema: Any, values: Json) -> None:
        """Raises InvalidRequest (`form_refused`) that names the fault of the values."""
        ...


_EVENTS = {
    "claim": "task claimed",
    "unclaim": "task given back",
    "assign": "task assigned",
    "comment": "task commented",
}


def change_task(action: str, request: TaskRequest, tasks: Tasks, function: str) -> Json:
    """`claim`, `unclaim`, `assign` or `comment`; the order's history keeps each.

    Raises Conflict when the task has changed since the person saw it, Forbidden when one claims another group's task.
    """
    task = _seen(request, tasks)
    if action == "claim":
        _refuse_strangers(task, request, tasks)
    if action == "claim" and task.assignee not in (None, request.person):
        raise Conflict(f"the task {task.name!r} is assigned to {task.assignee}", code="task_taken")
    if action == "unclaim" and task.assignee != request.person:
        raise Conflict(f"the task {task.name!r} is not assigned to {request.person}", code="task_taken")
    if action == "assign" and not request.assignee:
        raise InvalidRequest("assignee must name a person", code="assignee_missing")
    assignee = {"claim": request.person, "assign": request.assignee}.get(action)
    if not tasks.change(request, _EVENTS[action], function, assigns=action != "comment", assignee=assignee):
        raise _stale(task)
    return {"task_id": task.task_id, "version": task.version + 1, "done": action}


def complete_task(request: TaskRequest, tasks: Tasks, forms: Forms, store: FlowStore, caller: Caller) -> Json:
    """Complete the task: the values pass the form and go to the order's data, and the order goes on.

    Raises Conflict when the task has changed since the person saw it, or another person has it: of two people, one
    completes it. Raises Forbidden for a person who is not of its group, unless the task is assigned to them.
    """
    task, values = _seen(request, tasks), request.values or {}
    _refuse_strangers(task, request, tasks)
    if task.assignee not in (None, request.person):
        raise Conflict(f"the task {task.name!r} is assigned to {task.assignee}", code="task_taken")
    if task.schema is not None:
        forms.validate(task.schema, values)
    completed = CompletedTask(task_id=task.task_id, person=request.person, result=values, comment=request.comment)
    _trigger(task, lambda token: TaskCompleted(token=token, values=values), "task completed", store, caller, completed)
    return {"task_id": task.task_id, "version": task.version + 1, "done": "complete"}


def escalate_task(request: TaskRequest, tasks: Tasks, store: FlowStore, caller: Caller) -> Json:
    """Trigger the task's escalation event. Raises Conflict when it has none."""
    task = _seen(request, tasks)
    said = CompletedTask(task_id=task.task_id, person=request.person, result={}, comment=request.comment)
    _trigger(task, lambda token: TaskEscalated(token=token), "task escalated", store, caller, said, completes=False)
    return {"task_id": task.task_id, "version": task.version, "done": "escalate"}


def _seen(request: TaskRequest, tasks: Tasks) -> Task:
    task = tasks.task(request.task_id)
    if task is None:
        raise NotFound(f"there is no task {request.task_id}", code="task_unknown")
    if task.status != "open" or task.version != request.version or task.token is None:
        raise _stale(task)
    return task


def _refuse_strangers(task: Task, request: TaskRequest, tasks: Tasks) -> None:
    """Raises Forbidden (`not_in_group`) for a person who is not of the task's group, and whose own task it is not."""
    if not task.team or request.person in (task.assignee, task.candidate):
        return
    known = tasks.groups_of(request.person)
    own = {group.casefold() for group in (request.groups if known is None else known)}
    if task.team.casefold() not in own:
        raise Forbidden(
            f"the task {task.name!r} is of the group {task.team!r}, which {request.person} is not in: "
            "have it assigned, or join the group",
            code="not_in_group",
        )


def _stale(task: Task) -> Conflict:
    return Conflict(
        f"the task {task.name!r} has changed: it is {task.status}, version {task.version}: look at it again",
        code="task_changed",
    )


def _trigger(
    task: Task,
    trigger_at: Callable[[int], Trigger],
    what: str,
    store: FlowStore,
    caller: Caller,
    done: CompletedTask,
    *,
    completes: bool = True,
) -> None:
    """Commit the task's trigger. Raises Conflict when the task is stale, or the order takes no such trigger."""
    assert task.token is not None
    token = task.token
    plan = store.plans([token.process_version_id])[token.process_version_id]
    detail: Json = {"task": task.name, "by": done.person, "hops": list(caller.hops)}
    if done.comment:
        detail["comment"] = done.comment
    with store.unit_of_work([token], with_content=True) as unit:
        if (locked := unit.locked(token)) is None:
            raise _stale(task)
        trigger = trigger_at(locked.token_of_row(token.token_id).id)
        changes = go_on(plan, token, locked, trigger, what, caller.function, detail)
        if completes:
            changes.completed_tasks.append(done)
        unit.write(changes)


def token_of(row: Json) -> CurrentToken:
    """The token of a row of `task`."""
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
