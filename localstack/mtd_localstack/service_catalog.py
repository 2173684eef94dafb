"""Writes LocalStack's index of AWS's operations: `python service_catalog.py FOLDER`, by the emulator's interpreter.

LocalStack looks for it in its static libraries. Without it each start reads the descriptions of all AWS services:
seconds and hundreds of megabytes."""

import sys
from pathlib import Path

from localstack.aws import spec


def write(folder: Path) -> None:
    """Write the index below ``folder``, a file-system root."""
    libraries = folder / "usr" / "lib" / "localstack"
    libraries.mkdir(parents=True, exist_ok=True)
    spec.build_service_index_cache(str(libraries / spec._get_catalog_filename()))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
