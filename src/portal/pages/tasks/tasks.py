"""People's tasks: mine, my groups', overdue; claimed and completed with the form of their JSON Schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.responses import Response

from mtd.domain.errors import Conflict, InvalidRequest
from mtd.queries.tasks import tasks as queries
from portal.pages.tasks import task_forms, task_values
from portal.rendering.context import Context, Tab
from portal.visit import Visit

VIEWS = ("mine", "groups", "open", "overdue", "done")
_ACTIONS = ("claim", "unclaim", "comment", "complete", "escalate")


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksContext(Context):
    """The tasks of a view, of one `group` where it is named, the most urgent first; `own_groups` are the
    visitor's, `next` is the address of the page that follows, or empty."""

    template: ClassVar[str] = "tasks/tasks.html"

    view: str
    views: list[Tab]
    group: str
    groups: list[str]
    rows: list[dict[str, Any]]
    next: str
    own_groups: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext(Context):
    """A task with the `fields` of its form and what was typed into them; `mine` when the visitor has claimed it,
    `open_to_me` when the visitor may claim or complete it. `comments` are those on all tasks of the order."""

    template: ClassVar[str] = "tasks/task.html"

    task: dict[str, Any]
    fields: list[task_forms.Field]
    mine: bool
    open_to_me: bool
    comments: list[dict[str, Any]]
    given: Mapping[str, str]
    problem: str


def show_all(visit: Visit) -> Response:
    asked = visit.request.query_params
    view = asked.get("view", "") if asked.get("view") in VIEWS else "mine"
    group = asked.get("group", "")
    read, person = visit.read, visit.who.name
    after = asked.get("after", "")
    rows, following = queries.board(
        read,
        view,
        person=person,
        groups=visit.who.groups,
        group=group or None,
        after=int(after) if after.isdecimal() and len(after) < 9 else 0,
    )
    counts = queries.count_views(read, person, visit.who.groups)
    place = {"group": group} if group else {}
    return visit.page(
        TasksContext(
            view=view,
            views=[
                Tab(
                    label=f"task.{one}",
                    href=f"/tasks?{urlencode({'view': one} | place)}",
                    chosen=one == view,
                    count=counts.get(one),
                )
                for one in VIEWS
            ],
            group=group,
            groups=queries.groups(read),
            rows=rows,
            next=f"/tasks?{urlencode({'view': view} | place | {'after': following})}" if following else "",
            own_groups=visit.who.groups,
        )
    )


def show(visit: Visit) -> Response:
    return _task(visit, int(visit.request.path_params["task"]))


def do(visit: Visit) -> Response:
    """Claims, gives back, comments, escalates or completes a task as the person saw it. Raises InvalidRequest."""
    action = visit.form.get("action", "")
    if action not in _ACTIONS:
        raise InvalidRequest("there is no such action", code="action_unknown")
    return _do(visit, action)


def assign(visit: Visit) -> Response:
    return _do(visit, "assign")


def _do(visit: Visit, action: str) -> Response:
    task_id = visit.number("task_id")
    body: dict[str, object] = {"version": visit.number("version"), "person": visit.who.name}
    body |= {name: visit.form[name] for name in ("comment", "assignee") if visit.form.get(name, "").strip()}
    try:
        with visit.recording(f"{action}_task", str(task_id)):
            if action == "complete":
                task = queries.task(visit.read, task_id)
                body["values"] = task_values.values(task["schema"], visit.form, _reader(visit, task))
            visit.api.do_task(task_id, action, body)
    except (InvalidRequest, Conflict) as error:
        return _task(visit, task_id, problem=visit.explain(error))
    stays = action in ("claim", "comment", "assign")
    return visit.go(f"/tasks/{task_id}" if stays else "/tasks", f"task_{action}")


def _task(visit: Visit, task_id: int, *, problem: str = "") -> Response:
    task = queries.task(visit.read, task_id)
    return visit.answer(
        400 if problem else 200,
        TaskContext(
            task=task,
            fields=task_forms.fields(task["schema"], _reader(visit, task)),
            mine=task["assignee"] == visit.who.name,
            open_to_me=_may_do(visit, task),
            comments=queries.comments(visit.read, task["order_id"]),
            given=visit.form,
            problem=problem,
        ),
    )


def _reader(visit: Visit, task: Mapping[str, Any]) -> task_forms.Reader:
    facts = {"order": task["document"], "data": task["data"]}
    if task["element_name"]:
        facts[task["element_name"]] = task["element"]
    return task_forms.Reader(locale=visit.locale, zone=visit.zone, facts=facts)


def _may_do(visit: Visit, task: Mapping[str, Any]) -> bool:
    """Whether the API lets the visitor do the task; it decides."""
    if task["assignee"] is not None:
        return bool(task["assignee"] == visit.who.name)
    own = {group.casefold() for group in visit.who.groups}
    return not task["group"] or task["candidate"] == visit.who.name or task["group"].casefold() in own
