"""Diagrams drawn elsewhere, imported on a page: the report says what was put right and whether orders can run."""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest
from portal.pages.processes.diagram_files import ENDINGS, FilesRefused, import_request
from portal.pages.processes.engine_words import say_report
from portal.rendering.context import Context
from portal.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportContext(Context):
    """The form, which takes files with these `endings`, and after an import the report of each process."""

    template: ClassVar[str] = "processes/process_import.html"

    reports: list[dict[str, Any]]
    problem: str
    endings: str


def ask(visit: Visit) -> Response:
    return _page(visit)


def import_(visit: Visit) -> Response:
    """A process that is ready becomes a version, on which no order starts yet; the page shows each report."""
    names = [file.name for file in visit.files]
    try:
        with visit.recording("import_process", ", ".join(names)) as result:
            reports = visit.api.import_processes(import_request(visit.files))
            result["kept"] = [f"{report['process']} v{report['version']}" for report in reports if report["version"]]
    except FilesRefused as error:
        return _page(visit, problem=visit.say(f"files.{error.code}", **error.values))
    except InvalidRequest as error:
        return _page(visit, problem=visit.explain(error))
    return _page(visit, reports=[say_report(visit.locale, report) for report in reports])


def _page(visit: Visit, *, reports: list[dict[str, Any]] | None = None, problem: str = "") -> Response:
    return visit.answer(
        400 if problem else 200,
        ImportContext(reports=reports or [], problem=problem, endings=",".join(ENDINGS)),
    )
