"""Copies the files that the browser is served out of installed packages, by the names of package.json's `assets`.

    python served.py FOLDER INTO

FOLDER has package.json and node_modules. Standard library only: the image's build runs it too."""

import json
import shutil
import sys
from pathlib import Path


def collect(folder: Path, into: Path) -> None:
    """Raises OSError for a file that is not there."""
    into.mkdir(parents=True, exist_ok=True)
    for name, source in json.loads((folder / "package.json").read_text("utf-8"))["assets"].items():
        shutil.copyfile(folder / "node_modules" / source, into / name)


if __name__ == "__main__":
    collect(Path(sys.argv[1]), Path(sys.argv[2]))
