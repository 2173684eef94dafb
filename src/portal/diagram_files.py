"""Diagrams, binding sheets and forms as people keep them in a folder, and the API's request to import them."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from mtd.domain.errors import InvalidRequest
from portal.uploads import Upload

type Json = dict[str, Any]

ENDINGS = (".bpmn", ".xpdl", ".bpm", ".xml", ".yaml", ".yml", ".json")
_DIAGRAM = re.compile(r"\.(bpmn|xpdl|bpm|xml)$", re.IGNORECASE)
_SHEET = re.compile(r"(\.bindings)?\.ya?ml$", re.IGNORECASE)
_FORM = re.compile(r"\.json$", re.IGNORECASE)
_LARGEST_SHEET = 256 * 1024


def import_request(files: Sequence[Upload]) -> Json:
    """NAME.bpmn with NAME.bindings.yaml; NAME.json is the JSON Schema of the form NAME. A single sheet belongs to a
    single diagram whatever it is called.

    Raises InvalidRequest that names the file and what is wrong with it.
    """
    diagrams = [file for file in files if _DIAGRAM.search(file.name)]
    sheets = {_SHEET.sub("", file.name): _sheet(file) for file in files if _SHEET.search(file.name)}
    forms = {_FORM.sub("", file.name): _form(file) for file in files if _FORM.search(file.name)}
    if not diagrams:
        raise InvalidRequest("choose a diagram: .bpmn, .xpdl or .bpm", code="diagram_missing")
    if unknown := [file.name for file in files if not file.name.lower().endswith(ENDINGS)]:
        raise InvalidRequest(f"{unknown[0]} is neither a diagram nor a sheet nor a form", code="file_unknown")
    if len(sheets) == len(diagrams) == 1:
        sheets = {_DIAGRAM.sub("", diagrams[0].name): next(iter(sheets.values()))}
    if strange := sheets.keys() - {_DIAGRAM.sub("", file.name) for file in diagrams}:
        raise InvalidRequest(f"the sheet {min(strange)} belongs to none of the diagrams", code="sheet_strange")
    return {"files": [_file(file, sheets) for file in diagrams], "forms": forms}


def _file(file: Upload, sheets: Mapping[str, Any]) -> Json:
    sheet = sheets.get(_DIAGRAM.sub("", file.name))
    return {"name": file.name, "content": base64.b64encode(file.content).decode(), "sheet": sheet}


def _sheet(file: Upload) -> Any:
    """Every value stays a text: rules, times and names are the engine's to read."""
    try:
        text = _text(file)
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise ValueError("aliases are not allowed")
        return yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        told = " ".join(str(error).split())[:200]
        raise InvalidRequest(f"the sheet {file.name} cannot be read: {told}", code="sheet_malformed") from None


def _form(file: Upload) -> Any:
    try:
        return json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"the form {file.name} is no JSON: {error}", code="form_malformed") from None


def _text(file: Upload) -> str:
    if len(file.content) > _LARGEST_SHEET:
        raise ValueError(f"it has more than {_LARGEST_SHEET} bytes")
    return file.content.decode("utf-8")
