"""Reports on diagrams: `python -m mtd.entrypoints.import_processes`, JSON in and JSON out.

Standard input holds a list of `{name, content, sheet}`: the file's name, its bytes in base64, and the JSON of its
binding sheet or null; or `{name, problem}` for a file that could not be read. Standard output gets a list of reports.
With `--sheet` it gets a binding sheet to begin with for each file instead, as YAML. It touches no database and reads no
environment.
"""

import base64
import json
import sys

from mtd.engine.compiler.reports import Source
from mtd.usecases.processes.import_processes import import_processes, starter_sheets


def main() -> None:
    """Read the files, write the reports."""
    sources = [
        Source(
            name=file["name"],
            content=base64.b64decode(file.get("content", "")),
            sheet=file.get("sheet"),
            problem=file.get("problem"),
        )
        for file in json.load(sys.stdin)
    ]
    json.dump(starter_sheets(sources) if "--sheet" in sys.argv[1:] else import_processes(sources), sys.stdout)


if __name__ == "__main__":
    main()
