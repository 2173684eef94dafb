"""From diagram files to plans: read, normalise, bind, compile, lint; and the report of it for the analyst."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.domain.orders.facts import NAMES
from mtd.engine.compiler.binding import Binder
from mtd.engine.compiler.calls import Systems
from mtd.engine.compiler.compiling import Compiler, Stored
from mtd.engine.compiler.lint import lint
from mtd.engine.compiler.reports import Report, Source, Verdict, bindings_of
from mtd.engine.compiler.walkthrough import StandIns
from mtd.engine.messages.naming import plain, slug, unique
from mtd.engine.messages.phrases import Phrase, PhrasedError, phrase_of
from mtd.engine.model.drawing import Drawing, DrawnProcess, count
from mtd.engine.model.plan import Plan
from mtd.engine.readers import bpm, bpmn, diagram_xml, sheet, xpdl
from mtd.engine.readers.normalising import normalise
from mtd.engine.readers.sheet import Sheet
from mtd.engine.runtime import reachability


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadFile:
    source: Source
    drawing: Drawing
    processes: tuple[DrawnProcess, ...]
    fixes: Mapping[str, list[Phrase]]
    own: Mapping[str, DrawnProcess]


def read_drawings(content: bytes, name: str) -> list[Drawing]:
    """The drawings of a `.bpmn`, `.xpdl` or `.bpm` file, told apart by what they hold. Raises ProcessError."""
    if bpm.is_zip(content):
        return bpm.read(content)
    root = diagram_xml.parse(content)
    if bpmn.is_bpmn(root):
        return [bpmn.read(root, name)]
    if xpdl.is_xpdl(root):
        return [xpdl.read(root, name)]
    raise PhrasedError(Phrase("not_a_diagram"), code="diagram_unreadable")


def import_sources(
    sources: Sequence[Source],
    states: Collection[str],
    stored: Stored | None = None,
    systems: Systems | None = None,
) -> list[Report]:
    """A report of every process in the files; a call may go to a process of any of them, or to a `stored` version.

    `states` are those that this system has functions for; `systems` are the connected ones, None where they are not at
    hand and a task may name any. A file that cannot be read gives a report with the verdict `refused`.
    """
    read: list[_ReadFile | Report] = []
    library: dict[str, DrawnProcess] = {}
    for source in sources:
        try:
            if source.problem:
                raise ProcessError(source.problem, code="diagram_unreadable")
            drawings = read_drawings(source.content, source.title)
        except ProcessError as error:
            read.append(_refused(slug(source.title), source, phrase_of(error)))
            continue
        for each in _without_empty([_read(source, drawing) for drawing in drawings]):
            read.append(each)
            library = {**each.own, **library}
    taken: dict[str, int] = {}

    def binder(bound: Sheet, pool: str) -> Binder:
        return Binder(bound, states, StandIns(pool=pool), systems)

    return [report for each in read for report in _reports(each, library, binder, taken, stored)]


def _read(source: Source, drawing: Drawing) -> _ReadFile:
    processes, fixes = normalise(drawing)
    own = _named(drawing, processes)
    return _ReadFile(source=source, drawing=drawing, processes=processes, fixes=fixes, own=own)


def _without_empty(read: list[_ReadFile]) -> list[_ReadFile]:
    """The diagrams of a file. An empty one beside others is dropped, which the first of them tells."""
    drawn = [each for each in read if each.processes]
    if not drawn:
        return read
    dropped = [Phrase("empty_process", name=each.drawing.name) for each in read if not each.processes]
    drawn[0].fixes[drawn[0].processes[0].id].extend(dropped)
    return drawn


def compile_plan(content: bytes, process: str, states: Collection[str], bindings: Any = None) -> Plan:
    """The plan of a diagram with one process; `process` is the key under which its versions are kept.

    It is strict: nothing in it may be a person's only because it is bound to nothing.
    Raises ProcessError, whose message names the element as the analyst sees it.
    """
    reports = import_sources([Source(name=process, content=content, sheet=bindings)], states)
    if len(reports) != 1:
        raise PhrasedError(Phrase("process_count", count=len(reports)), code="process_count")
    [report] = reports
    if report.plan is None or report.verdict is not Verdict.READY:
        raise ProcessError(str(report.reason or f"the process cannot run: {report.verdict}"), code=report.verdict)
    if report.walkthrough:
        raise ProcessError(str(report.walkthrough[0]), code=Verdict.UNBOUND)
    return report.plan


def _refused(process: str, source: Source, reason: Phrase, *, name: str = "") -> Report:
    return Report(process=process, name=name, source=source.name, verdict=Verdict.REFUSED, reason=reason)


def _named(drawing: Drawing, processes: Sequence[DrawnProcess]) -> dict[str, DrawnProcess]:
    """The drawing's processes by what a call activity may call them: id, name, or the diagram's name."""
    named = {plain(drawing.name): processes[0]} if len(processes) == 1 and drawing.name else {}
    named |= {plain(process.name): process for process in processes if process.name}
    return named | {process.id: process for process in processes}


def _reports(
    read: _ReadFile | Report,
    library: Mapping[str, DrawnProcess],
    binder_of: Callable[[Sheet, str], Binder],
    taken: dict[str, int],
    stored: Stored | None,
) -> list[Report]:
    if isinstance(read, Report):
        return [read]
    source, name = read.source, read.source.title
    try:
        bound = sheet.read(source.sheet)
    except ProcessError as error:
        return [_refused(slug(name), source, phrase_of(error))]
    if not read.processes:
        return [_refused(slug(name), source, Phrase("diagram_empty"), name=read.drawing.name)]
    found: list[Report] = []
    used: set[tuple[str, str]] = set()
    for process in read.processes:
        wanted = bound.process or slug(name).replace("_", "-")
        if len(read.processes) > 1 or (wanted in taken and read.drawing.name != name):
            title = process.name if len(read.processes) > 1 else read.drawing.name
            wanted = f"{wanted}-{slug(title).replace('_', '-') or len(found) + 1}"
        key = unique(wanted, taken)
        binder = binder_of(bound, process.name or bound.process or read.drawing.name or key)
        found.append(_report(read, process, key, binder, {**library, **read.own}, stored))
        used |= binder.used
    found[0] = replace(found[0], lint=(*found[0].lint, *sheet.unused(bound, used)))
    return found


def _report(
    read: _ReadFile,
    process: DrawnProcess,
    key: str,
    binder: Binder,
    library: Mapping[str, DrawnProcess],
    stored: Stored | None,
) -> Report:
    compiler = Compiler(binder, library, stored)
    try:
        plan = compiler.plan(process, key, NAMES)
    except ProcessError as error:
        return _refused(key, read.source, phrase_of(error), name=process.name)
    drawn = next(each for each in read.drawing.processes if each.id == process.id)
    nodes, flows = count(drawn.body)
    errors: list[Phrase] = list(dict.fromkeys(compiler.problems))
    warnings: list[Phrase] = []
    if not errors:
        findings = lint(plan)
        errors, warnings = list(findings.errors), [*compiler.warnings, *findings.warnings]
    if not errors:
        warnings += reachability.stuck_joins(plan)
    unbound = tuple(dict.fromkeys(binder.unbound))
    verdict = Verdict.REFUSED if errors else Verdict.UNBOUND if unbound else Verdict.READY
    return Report(
        process=key,
        name=process.name or read.drawing.name,
        source=read.source.name,
        nodes=nodes,
        flows=flows,
        fixes=tuple(dict.fromkeys([*read.fixes[process.id], *binder.notes, *binder.people.notes()])),
        unbound=unbound,
        lint=(*errors, *warnings),
        walkthrough=tuple(binder.people.remarks()),
        bindings=() if errors and not plan.start else bindings_of(plan),
        verdict=verdict,
        reason=errors[0] if errors else unbound[0] if unbound else None,
        plan=None if errors else plan,
        unseen=None if read.drawing.pictured else replace(process, body=process.drawn or process.body),
    )
