"""Versions of processes: import diagrams as new ones, activate one for new orders, and retire old ones."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mtd.domain.errors import Conflict, InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.engine.compiler import importing
from mtd.engine.compiler.calls import Systems
from mtd.engine.compiler.forms import made_forms
from mtd.engine.compiler.reports import Report, Source, Verdict, lacking
from mtd.engine.layout.diagram import diagram
from mtd.engine.messages.phrases import Phrase
from mtd.engine.model import plan_json
from mtd.engine.model.plan import NodeKind, Plan
from mtd.usecases.processes.import_processes import STATES, report_json, served, unserved


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """The file that a version came from, with its binding sheet as JSON."""

    name: str
    content: bytes
    sheet: Any


class Versions(Protocol):
    """The process versions of PostgreSQL. Only a version's activation changes, never its content."""

    def store(
        self,
        process: str,
        plan: Json,
        diagram: str,
        digest: str,
        forms: Mapping[str, Any],
        report: Json,
        file: SourceFile,
    ) -> int:
        """Keep a version with its file. Returns its number, which is an earlier one for the same content."""
        ...

    def plan(self, process: str, version: int) -> tuple[int, Plan] | None:
        """The id and the plan of a version; None for an unknown one."""
        ...

    def activate(self, process: str, version: int) -> bool:
        """Start new orders on this version only. Returns whether it exists."""
        ...

    def retire(self, process: str, version: int) -> bool:
        """Start no more orders on this version; its orders go on. Returns whether it exists."""
        ...


class FormSchemas(Protocol):
    """JSON Schemas of forms."""

    def check(self, schema: Any) -> None:
        """Raises InvalidRequest (`form_malformed`) when it is not a JSON Schema."""
        ...


def import_versions(
    sources: Sequence[Source],
    forms: Mapping[str, Any],
    versions: Versions,
    schemas: FormSchemas,
    systems: Systems,
    *,
    keep: bool = True,
    only: str | None = None,
) -> list[Json]:
    """Import the files. Returns the report of each process; a ready one becomes a version that is not active yet.

    Without `keep` no version is made, and with `only` of that process alone.

    `forms` are JSON Schemas by the names that people's tasks ask for. A task with an unknown name makes its process
    `unbound`, as does one at a system that is not among `systems`.
    """
    for schema in forms.values():
        schemas.check(schema)
    by_name = {source.name: source for source in sources}

    def stored(process: str, version: int) -> Plan | None:
        found = versions.plan(process, version)
        return found and found[1]

    found = [served(report, systems) for report in importing.import_sources(sources, STATES, stored, systems)]
    return [
        _told(report, by_name[report.source], forms, versions if keep and only in (None, report.process) else None)
        for report in found
    ]


def change_version(process: str, version: int, action: str, versions: Versions, systems: Systems) -> Json:
    """`activate` or `retire` a version.

    Raises NotFound, InvalidRequest, and Conflict (`nobody_serves`) for a version with a task that nothing serves.
    """
    changes = {"activate": versions.activate, "retire": versions.retire}
    if action not in changes:
        raise InvalidRequest(f"the action {action!r} is unknown: use activate or retire", code="action_unknown")
    found = versions.plan(process, version) if action == "activate" else None
    if found is not None and (reasons := unserved(found[1], systems)):
        raise Conflict(f"{process} version {version} cannot be activated: {reasons[0]}", code="nobody_serves")
    if not changes[action](process, version):
        raise NotFound(f"process {process} has no version {version}", code="version_unknown")
    return {"process": process, "version": version, "done": action}


def _told(report: Report, source: Source, forms: Mapping[str, Any], versions: Versions | None) -> Json:
    """The report; where `versions` are given, with the number of the version that is kept."""
    wanted = _forms(report.plan) if report.plan is not None else {}
    if report.verdict is Verdict.READY:
        missing = sorted(wanted.keys() - forms.keys())
        report = lacking(report, [Phrase("form_missing", form=name, task=wanted[name]) for name in missing])
    answer = {**report_json(report), "version": None}
    if report.plan is None or report.verdict is not Verdict.READY or versions is None:
        return answer
    used = {name: forms[name] for name in sorted(wanted)} | made_forms(report.plan, forms)
    plan = plan_json.to_json(report.plan)
    digest = hashlib.sha256(json.dumps([plan, used], sort_keys=True).encode()).hexdigest()
    file = SourceFile(name=source.name, content=source.content, sheet=source.sheet)
    answer["version"] = versions.store(report.process, plan, _diagram(report, source), digest, used, answer, file)
    return answer


def _diagram(report: Report, source: Source) -> str:
    """The picture that pages show: the file's own, or one that MTD draws of the plan.

    It is drawn once, here, because a version never changes and `.bpm` is binary.
    """
    if report.unseen is not None:
        return diagram(report.unseen)
    return source.content.decode("utf-8", "replace").replace("\0", "")


def _forms(plan: Plan) -> dict[str, str]:
    """The forms that people's tasks ask for and an analyst writes, with a task that asks."""
    tasks = [node for node in plan.nodes.values() if node.kind is NodeKind.PERSON and node.work is not None]
    asked = {node.name: node.work.extends if node.work.choices else node.work.form for node in tasks if node.work}
    return {form: task for task, form in asked.items() if form}
