"""/processes, /processes/{process}/versions/{version}/{action}: a tenant's versions of processes; /tenants."""

import base64
import binascii
from typing import Any

from mtd.adapters.postgres.reader import PostgresReader
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.engine.compiler.reports import Source
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, path_parameter, query_parameter
from mtd.entrypoints.people import people_handler, platform_handler
from mtd.entrypoints.requests.bindings import read_bindings
from mtd.entrypoints.requests.simulations import read_simulation
from mtd.queries.processes.processes import list_versions
from mtd.usecases.processes.manage_processes import change_version, import_versions
from mtd.usecases.processes.rebind import rebind
from mtd.usecases.processes.simulate_process import simulate_process
from mtd.usecases.tenants.add_tenant import add_tenant


def _list_versions(event: ApiEvent, _body: Json, _context: Any) -> Json:
    return {"versions": list_versions(PostgresReader(composition.database()), query_parameter(event, "process"))}


def _import_files(_event: ApiEvent, body: Json, _context: Any) -> Json:
    files, forms = body.get("files"), body.get("forms") or {}
    if not isinstance(files, list) or not files or not isinstance(forms, dict):
        raise InvalidRequest(
            "files must be a list with at least one file, and forms must be an object", code="files_malformed"
        )
    sources, keep = [_source(file) for file in files], body.get("keep") is not False
    return {"reports": _imported(sources, forms, keep=keep)}


def _imported(sources: list[Source], forms: Json, *, keep: bool) -> list[Json]:
    declared = composition.systems().declared()
    return import_versions(sources, forms, composition.versions(), composition.forms(), declared, keep=keep)


def _act_on_version(event: ApiEvent, body: Json, _context: Any) -> Json:
    process, number, action = (path_parameter(event, name) for name in ("process", "version", "action"))
    if not number.isdecimal() or len(number) > 9:
        raise InvalidRequest("version must be a whole number", code="version_malformed")
    if action == "simulate":
        return _simulate(process, int(number), body)
    declared = composition.systems().declared()
    if action == "rebind":
        keep, bindings = body.get("keep") is True, read_bindings(body)
        return rebind(process, int(number), bindings, composition.versions(), composition.forms(), declared, keep=keep)
    return change_version(process, int(number), action, composition.versions(), declared)


def _simulate(process: str, version: int, body: Json) -> Json:
    found = composition.versions().plan(process, version)
    if found is None:
        raise NotFound(f"process {process} has no version {version}", code="version_unknown")
    asked = read_simulation(body, found[1], PostgresReader(composition.database()))
    return simulate_process(found[1], asked.order, asked.fails, asked.values, results=asked.results)


def _source(file: Any) -> Source:
    match file:
        case {"name": str(name), "content": str(content)}:
            try:
                return Source(name=name, content=base64.b64decode(content, validate=True), sheet=file.get("sheet"))
            except binascii.Error:
                raise InvalidRequest(f"the content of {name} is not base64", code="files_malformed") from None
    raise InvalidRequest("a file must be {name, content, sheet}, its content in base64", code="files_malformed")


def _list_tenants(_event: ApiEvent, _body: Json, _context: Any) -> Json:
    return {"tenants": composition.tenants().listed()}


def _add_tenant(_event: ApiEvent, body: Json, _context: Any) -> Json:
    return add_tenant(body.get("code"), body.get("name"), body.get("zone"), composition.tenants())


PEOPLES = {
    "GET /processes": _list_versions,
    "POST /processes": _import_files,
    "POST /processes/{process}/versions/{version}/{action}": _act_on_version,
}
PLATFORMS = {"GET /tenants": _list_tenants, "POST /tenants": _add_tenant}
ROUTES = PEOPLES | PLATFORMS

_people, _platform = people_handler(PEOPLES), platform_handler(PLATFORMS)


def handler(event: dict[str, Any], context: Any) -> Any:
    return (_platform if event["resource"] == "/tenants" else _people)(event, context)
