"""/processes, /processes/{process}/versions/{version}/{action}: a tenant's versions of processes; /tenants."""

import base64
import binascii
from typing import Any
from urllib.parse import unquote

from mtd.adapters.postgres.reader import PostgresReader
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.engine.compiler.reports import Source
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, query_parameter
from mtd.entrypoints.people import people_handler, platform_handler
from mtd.entrypoints.requests.simulations import read_simulation
from mtd.queries.processes.processes import list_versions
from mtd.usecases.processes.manage_processes import change_version, import_versions
from mtd.usecases.processes.simulate_process import simulate_process
from mtd.usecases.tenants.add_tenant import add_tenant


def handler(event: dict[str, Any], context: Any) -> Any:
    return (_tenants if event["resource"] == "/tenants" else _processes)(event, context)


def _serve_tenants(event: ApiEvent, body: Json, _context: Any) -> Json:
    if event["httpMethod"] == "GET":
        return {"tenants": composition.tenants().listed()}
    return add_tenant(body.get("code"), body.get("name"), composition.tenants())


def _serve(event: ApiEvent, body: Json, _context: Any) -> Json:
    read = PostgresReader(composition.database())
    if event["httpMethod"] == "GET":
        return {"versions": list_versions(read, query_parameter(event, "process"))}
    versions, path = composition.versions(), event.get("pathParameters") or {}
    if "action" in path:
        process, number, action = unquote(path["process"]), path["version"], path["action"]
        if not number.isdecimal() or len(number) > 9:
            raise InvalidRequest("version must be a whole number", code="version_malformed")
        if action == "simulate":
            return _simulate(process, int(number), body, read)
        return change_version(process, int(number), action, versions)
    files, forms = body.get("files"), body.get("forms") or {}
    if not isinstance(files, list) or not files or not isinstance(forms, dict):
        raise InvalidRequest("files must be a list with at least one file, forms an object", code="files_malformed")
    sources = [_source(file) for file in files]
    return {"reports": import_versions(sources, forms, versions, composition.forms())}


def _simulate(process: str, version: int, body: Json, read: PostgresReader) -> Json:
    found = composition.versions().plan(process, version)
    if found is None:
        raise NotFound(f"{process} has no version {version}", code="version_unknown")
    asked = read_simulation(body, found[1], read)
    return simulate_process(found[1], asked.order, asked.fails, asked.values)


def _source(file: Any) -> Source:
    match file:
        case {"name": str(name), "content": str(content)}:
            try:
                return Source(name=name, content=base64.b64decode(content, validate=True), sheet=file.get("sheet"))
            except binascii.Error:
                raise InvalidRequest(f"the content of {name} is not base64", code="files_malformed") from None
    raise InvalidRequest("a file must be {name, content, sheet}, its content in base64", code="files_malformed")


_processes, _tenants = people_handler(_serve), platform_handler(_serve_tenants)
