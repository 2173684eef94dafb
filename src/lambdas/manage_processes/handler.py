"""GET and POST /processes, POST /processes/{process}/versions/{version}/{action}: versions of processes."""

import base64
import binascii
from typing import Any
from urllib.parse import unquote

from mtd.adapters.reader import PostgresReader
from mtd.domain.errors import InvalidRequest
from mtd.engine.reports import Source
from mtd.entrypoints import composition
from mtd.entrypoints.api import Event, Json, api_handler, query_parameter
from mtd.queries.processes import list_versions
from mtd.usecases.manage_processes import change_version, import_versions


def _serve(event: Event, body: Json, _context: Any) -> Json:
    if event["httpMethod"] == "GET":
        return {"versions": list_versions(PostgresReader(composition.database()), query_parameter(event, "process"))}
    versions, path = composition.versions(), event.get("pathParameters") or {}
    if "action" in path:
        number = path["version"]
        if not number.isdecimal() or len(number) > 9:
            raise InvalidRequest("version must be a whole number", code="version_malformed")
        return change_version(unquote(path["process"]), int(number), path["action"], versions)
    files, forms = body.get("files"), body.get("forms") or {}
    if not isinstance(files, list) or not files or not isinstance(forms, dict):
        raise InvalidRequest("files must be a list with at least one file, forms an object", code="files_malformed")
    sources = [_source(file) for file in files]
    return {"reports": import_versions(sources, forms, versions, composition.forms())}


def _source(file: Any) -> Source:
    match file:
        case {"name": str(name), "content": str(content)}:
            try:
                return Source(name=name, content=base64.b64decode(content, validate=True), sheet=file.get("sheet"))
            except binascii.Error:
                raise InvalidRequest(f"the content of {name} is not base64", code="files_malformed") from None
    raise InvalidRequest("a file must be {name, content, sheet}, its content in base64", code="files_malformed")


handler = api_handler(_serve)
