"""Diagrams drawn elsewhere, imported on a page: the report says what was put right and whether orders can run."""

from starlette.responses import Response

from mtd.domain.errors import InvalidRequest
from portal.pages.processes.diagram_files import ENDINGS, FilesRefused, import_request
from portal.pages.processes.engine_words import say_report
from portal.visit import Visit


def ask(visit: Visit) -> Response:
    return _page(visit)


def import_(visit: Visit) -> Response:
    """What is ready becomes a version, on which no order starts yet; the page shows the report of each process."""
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


def _page(visit: Visit, *, reports: list[dict[str, object]] | None = None, problem: str = "") -> Response:
    return visit.answer(
        400 if problem else 200,
        "processes/process_import.html",
        reports=reports,
        problem=problem,
        endings=",".join(ENDINGS),
    )
