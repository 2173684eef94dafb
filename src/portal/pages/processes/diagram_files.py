"""Diagrams, binding sheets and forms as people keep them in a folder, and the API's request to import them."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mtd.domain.errors import InvalidRequest
from portal.access.uploads import Upload
from portal.pages.processes import binding_sheets
from portal.rendering.catalogue import say

type Json = dict[str, Any]

ENDINGS = (".bpmn", ".xpdl", ".bpm", ".xml", ".yaml", ".yml", ".json")
_DIAGRAM = re.compile(r"\.(bpmn|xpdl|bpm|xml)$", re.IGNORECASE)
_SHEET = re.compile(r"(\.bindings)?\.ya?ml$", re.IGNORECASE)
_FORM = re.compile(r"\.json$", re.IGNORECASE)
_LARGEST_FORM = 256 * 1024


class FilesRefused(InvalidRequest):
    """The fault of the files that a person chose, as a message of the catalogue with its `values`."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(say("en", f"files.{code}", **values), code=code)
        self.values = values


def import_request(files: Sequence[Upload]) -> Json:
    """NAME.bpmn with NAME.bindings.yaml; NAME.json is the JSON Schema of the form NAME. A single sheet belongs to a
    single diagram whatever it is called.

    Raises FilesRefused, which names the file and what is wrong with it.
    """
    diagrams = [file for file in files if _DIAGRAM.search(file.name)]
    sheets = {_SHEET.sub("", file.name): _sheet(file) for file in files if _SHEET.search(file.name)}
    forms = {_FORM.sub("", file.name): _form(file) for file in files if _FORM.search(file.name)}
    if not diagrams:
        raise FilesRefused("diagram_missing")
    if unknown := [file.name for file in files if not file.name.lower().endswith(ENDINGS)]:
        raise FilesRefused("file_unknown", name=unknown[0])
    if len(sheets) == len(diagrams) == 1:
        sheets = {_DIAGRAM.sub("", diagrams[0].name): next(iter(sheets.values()))}
    if strange := sheets.keys() - {_DIAGRAM.sub("", file.name) for file in diagrams}:
        raise FilesRefused("sheet_strange", name=min(strange))
    return {"files": [_file(file, sheets) for file in diagrams], "forms": forms}


def _file(file: Upload, sheets: Mapping[str, Any]) -> Json:
    sheet = sheets.get(_DIAGRAM.sub("", file.name))
    return {"name": file.name, "content": base64.b64encode(file.content).decode(), "sheet": sheet}


def _sheet(file: Upload) -> Any:
    text = _text(file, binding_sheets.LARGEST)
    try:
        return binding_sheets.read(text)
    except binding_sheets.AliasError:
        raise FilesRefused("sheet_aliases", name=file.name) from None
    except binding_sheets.ERRORS as error:
        detail = " ".join(str(error).split())[:200]
        raise FilesRefused("sheet_malformed", name=file.name, detail=detail) from None


def _form(file: Upload) -> Any:
    text = _text(file, _LARGEST_FORM)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FilesRefused("form_malformed", name=file.name, detail=error) from None


def _text(file: Upload, most: int) -> str:
    if len(file.content) > most:
        raise FilesRefused("file_too_large", name=file.name, most=most)
    try:
        return file.content.decode("utf-8")
    except UnicodeDecodeError:
        raise FilesRefused("file_no_text", name=file.name) from None
