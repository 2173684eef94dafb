"""The bindings of a version beside its picture: who does each task, and which rule each flow has.

The verdict follows the form as it is typed; a saved form is a new version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest
from mtd.queries.processes import processes as queries
from mtd.queries.tasks import tasks
from portal.pages.processes.engine_words import say_report
from portal.pages.processes.processes import asked_version
from portal.rendering.context import Context
from portal.visit import Visit

type Json = dict[str, Any]

DOERS = ("person", "system", "rule")
_DOES = {"person": "person", "service": "system", "script": "rule"}
_GATEWAYS = frozenset({"exclusive", "inclusive"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBinding:
    """A task of the picture: `does` is one of DOERS, the rest are texts of its fields, empty where they do not fit."""

    element: str
    name: str
    does: str
    group: str = ""
    form: str = ""
    due: str = ""
    server: str = ""
    rules: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBinding:
    """A flow out of a gateway of the picture. `is_bound` says that it has a rule, or needs none."""

    flow: str
    target: str
    is_bound: bool
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayBinding:
    """A gateway of the picture; `is_open` says that a person chooses."""

    element: str
    name: str
    is_open: bool
    flows: tuple[FlowBinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictContext(Context):
    """The part of the page that follows what is typed: a `report`, or the `problem` of the request."""

    template: ClassVar[str] = "processes/process_verdict.html"

    report: dict[str, Any] | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingsContext(VerdictContext):
    """A version with its tasks and gateways as they are bound, or as they have been typed. `groups` and `servers` are
    those to choose from."""

    template: ClassVar[str] = "processes/process_bindings.html"

    version: dict[str, Any]
    tasks: list[TaskBinding]
    gateways: list[GatewayBinding]
    doers: list[tuple[str, str]]
    groups: list[str]
    servers: list[str]


def ask(visit: Visit) -> Response:
    return _page(visit, asked_version(visit))


def change(visit: Visit) -> Response:
    """Shows the verdict of what is typed; `save` makes a new version of what is ready, and leads to it."""
    version = asked_version(visit)
    place = {"process": version["process"], "version": version["version"]}
    saves = visit.form.get("action") == "save"
    report, problem = None, ""
    try:
        body = {**_changes(version["plan"], visit.form), "keep": saves}
        if saves:
            with visit.recording("bind_process", f"{place['process']} v{place['version']}") as result:
                report = visit.api.rebind(place["process"], place["version"], body)
                result["kept"] = report["version"]
        else:
            report = visit.api.rebind(place["process"], place["version"], body)
    except InvalidRequest as error:
        problem = visit.explain(error)
    if saves and report and report["version"]:
        return visit.go(f"/processes/version?{urlencode(place | {'version': report['version']})}", "process_bound")
    shown = say_report(visit.locale, report) if report else None
    if visit.wants_part:
        return visit.page(VerdictContext(report=shown, problem=problem))
    return _page(visit, version, report=shown, problem=problem)


def _page(visit: Visit, version: dict[str, Any], *, report: Json | None = None, problem: str = "") -> Response:
    listed = queries.list_versions(visit.read, None)
    bound = {each["by"] for row in listed for each in row["bindings"]}
    return visit.answer(
        400 if problem else 200,
        BindingsContext(
            version=version,
            tasks=[_typed(each, visit.form) for each in task_bindings(version["plan"])],
            gateways=gateway_bindings(version["plan"], visit.form),
            doers=[(each, visit.say(f"process.does_{each}")) for each in DOERS],
            groups=tasks.known_groups(visit.read),
            servers=sorted(by for by in bound if by.startswith(("api:/states/", "state_machine:"))),
            report=report,
            problem=problem,
        ),
    )


def task_bindings(plan: Mapping[str, Any]) -> list[TaskBinding]:
    """The drawn tasks of a plan, each once. A decision that the import has put in is its gateway's."""
    gateways = {node.get("element") for node in plan["nodes"] if node["kind"] in _GATEWAYS}
    found: dict[str, TaskBinding] = {}
    for node in plan["nodes"]:
        element, work = node.get("element"), node.get("work") or {}
        if node["kind"] in _DOES and element and element not in gateways and element not in found:
            found[element] = TaskBinding(
                element=element,
                name=node["name"],
                does=_DOES[node["kind"]],
                group=work.get("group", ""),
                form=work.get("extends", "") if work.get("choices") else work.get("form", ""),
                due=work.get("due", ""),
                server=node.get("binding") or "",
                rules="\n".join(f"{name} = …" for name, _ in node.get("sets") or ()),
            )
    return list(found.values())


def gateway_bindings(plan: Mapping[str, Any], form: Mapping[str, str]) -> list[GatewayBinding]:
    """The drawn gateways from which several flows lead on."""
    names = {node["id"]: node["name"] for node in plan["nodes"]}
    asked = {choice["name"] for node in plan["nodes"] for choice in (node.get("work") or {}).get("choices") or ()}
    found = []
    for node in plan["nodes"]:
        flows = node.get("flows") or ()
        if node["kind"] not in _GATEWAYS or not node.get("element") or len(flows) < 2:
            continue
        is_open = node["id"] in asked or node["id"].removesuffix("_split") in asked
        made = tuple(
            FlowBinding(
                flow=flow["id"],
                target=names.get(flow["to"], flow["to"]),
                is_bound=not is_open,
                rule=form.get(f"rule.{flow['id']}", ""),
            )
            for flow in flows
            if flow.get("id")
        )
        found.append(GatewayBinding(element=node["element"], name=node["name"], is_open=is_open, flows=made))
    return found


def _typed(task: TaskBinding, form: Mapping[str, str]) -> TaskBinding:
    """The task as it has been typed."""
    names = ("does", "group", "form", "due", "server", "rules")
    given = {name: form.get(f"{name}.{task.element}", getattr(task, name)) for name in names}
    return TaskBinding(element=task.element, name=task.name, **given)


def _changes(plan: Mapping[str, Any], form: Mapping[str, str]) -> Json:
    """The changed bindings, as the API takes them. Raises InvalidRequest."""
    changed: Json = {}
    for before in task_bindings(plan):
        after = _typed(before, form)
        if after != before:
            changed[after.element] = _words(after)
    rules = {
        flow.flow: flow.rule.strip() for gateway in gateway_bindings(plan, form) for flow in gateway.flows if flow.rule
    }
    return {"tasks": changed, "flows": rules}


def _words(task: TaskBinding) -> Json:
    """The words of a binding sheet."""
    if task.does == "system":
        return {"server": task.server.strip()}
    if task.does == "rule":
        return {"set": dict(_settings(task))}
    return {"group": task.group.strip(), "form": task.form.strip(), "due": task.due.strip()}


def _settings(task: TaskBinding) -> Iterator[tuple[str, str]]:
    for line in filter(str.strip, task.rules.splitlines()):
        name, sign, rule = line.partition("=")
        if not sign or not name.strip().isidentifier() or not rule.strip():
            raise InvalidRequest(f"{task.name}: {line.strip()[:60]!r} is not 'name = rule'", code="setting_malformed")
        yield name.strip(), rule.strip()
