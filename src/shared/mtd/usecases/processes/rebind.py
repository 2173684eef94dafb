"""Binds elements of a version otherwise: its file is imported once more, with its sheet and what is changed of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.engine.compiler.calls import Systems
from mtd.engine.compiler.reports import Source
from mtd.engine.messages.naming import plain
from mtd.engine.model.plan import Plan
from mtd.usecases.processes.manage_processes import FormSchemas, SourceFile, Versions, import_versions

_DOES = frozenset({"server", "lambda", "group", "set"})
"""The words of which one says who does a task. The others, such as `each` or `due`, stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSource:
    """The file of a version with its sheet, and the forms of its tasks."""

    file: SourceFile
    forms: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """The bindings that are changed: of tasks by the elements' ids, and the rules of flows by the flows' ids.

    A task has the words of a binding sheet; an empty rule leaves the flow to a person's choice.
    """

    tasks: Mapping[str, Mapping[str, Any]]
    flows: Mapping[str, str]


class StoredSources(Versions, Protocol):
    """The versions of PostgreSQL with the files that they came from."""

    def source(self, process: str, version: int) -> StoredSource | None:
        """The file of a version; None for one that is unknown, or was imported by an earlier release."""
        ...


def rebind(
    process: str,
    version: int,
    bindings: Bindings,
    versions: StoredSources,
    schemas: FormSchemas,
    systems: Systems,
    *,
    keep: bool,
) -> Json:
    """The report of the process with the changed bindings; with `keep` what is ready becomes a new version.

    Raises NotFound, and InvalidRequest (`no_source`) for a version without its file.
    """
    found, stored = versions.plan(process, version), versions.source(process, version)
    if found is None:
        raise NotFound(f"process {process} has no version {version}", code="version_unknown")
    if stored is None:
        raise InvalidRequest(
            f"{process} version {version} does not keep its file: import the diagram once more", code="no_source"
        )
    sheet = rebound(stored.file.sheet, found[1], bindings)
    changed = Source(name=stored.file.name, content=stored.file.content, sheet=sheet)
    reports = import_versions([changed], stored.forms, versions, schemas, systems, keep=keep, only=process)
    report = next((each for each in reports if each["process"] == process), None)
    # A file that cannot be read any more has one report, of another name.
    return report or reports[0]


def rebound(sheet: Any, plan: Plan, bindings: Bindings) -> Json:
    """The sheet with the changed bindings. A task keeps the words that do not say who does it."""
    changed = {name: dict(part) if isinstance(part, Mapping) else part for name, part in (sheet or {}).items()}
    names = {node.element: node.name for node in plan.nodes.values()}
    shared = Counter(plain(node.name) for node in plan.nodes.values())
    tasks = changed.setdefault("tasks", {})
    for element, words in bindings.tasks.items():
        name = plain(names.get(element, ""))
        known = next((key for key in tasks if plain(str(key)) == plain(element)), None)
        known = known or next((key for key in tasks if name and plain(str(key)) == name), None)
        kept = tasks.get(known, {})
        kept = {} if isinstance(kept, str) else {word: said for word, said in kept.items() if word not in _DOES}
        if known is not None and shared[name] <= 1:
            del tasks[known]
        tasks[element] = {word: said for word, said in {**kept, **words}.items() if said not in ("", {})}
    flows = changed.setdefault("flows", {})
    for flow, rule in bindings.flows.items():
        flows.pop(flow, None)
        if rule:
            flows[flow] = rule
    return changed
