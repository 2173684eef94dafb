"""Reads diagram files with their binding sheets, and has the engine report on them."""

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from devenv.problem import Problem
from portal.pages.processes import binding_sheets

type Json = dict[str, Any]

_LARGEST_DIAGRAM = 50 * 1024 * 1024


def reports(paths: Sequence[Path], project: Path) -> list[Json]:
    """One report for each process in the files, in their order, and one for each file that cannot be read.

    The engine runs in a process of its own, because the developer environment must not import it.
    """
    found: list[Json] = _engine(paths, project)
    return found


def starter_sheet(path: Path, project: Path) -> str:
    """A binding sheet to begin with for the diagram, as YAML. Raises Problem for a file that is none."""
    [text] = _engine([path], project, "--sheet")
    return str(text)


def _engine(paths: Sequence[Path], project: Path, *flags: str) -> Any:
    ended = subprocess.run(
        [sys.executable, "-m", "mtd.entrypoints.import_processes", *flags],
        input=json.dumps([file(path) for path in paths]),
        cwd=project,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Problem(
            f"The engine failed to import the diagram: {reason}",
            fix="This is an error of the engine. Report it with the diagram to the maintainers of MTD.",
        )
    return json.loads(ended.stdout)


def file(path: Path) -> Json:
    """The file and its sheet as the import API takes them, or a sentence about why they cannot be read."""
    try:
        if path.exists() and not path.is_file():
            what = "a directory, not a diagram file" if path.is_dir() else "no regular file"
            return {"name": path.name, "problem": f"{path} is {what}"}
        if path.stat().st_size > _LARGEST_DIAGRAM:
            return {"name": path.name, "problem": f"{path} has more than {_LARGEST_DIAGRAM} bytes"}
        content = path.read_bytes()
    except FileNotFoundError:
        return {"name": path.name, "problem": f"{path} does not exist"}
    except OSError as error:
        return {"name": path.name, "problem": f"{path} cannot be read: {error.strerror}"}
    sheet = path.with_suffix(".bindings.yaml")
    try:
        bindings = _sheet(sheet) if sheet.exists() else None
    except (OSError, *binding_sheets.ERRORS) as error:
        reason = " ".join(str(error).split())[:200]
        return {"name": path.name, "problem": f"its binding sheet {sheet.name} cannot be read: {reason}"}
    return {"name": path.name, "content": base64.b64encode(content).decode(), "sheet": bindings}


def _sheet(path: Path) -> Any:
    if path.stat().st_size > binding_sheets.LARGEST:
        raise ValueError(f"it has more than {binding_sheets.LARGEST} bytes")
    return binding_sheets.read(path.read_text("utf-8"))
