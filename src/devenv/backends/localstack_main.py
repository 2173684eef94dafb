"""Starts LocalStack. The emulator's own interpreter runs this file by its path; it imports nothing of this project."""

import gc
import runpy
import sys
import threading
from typing import Any

# LocalStack keeps millions of objects alive, and the garbage collector's default thresholds would use much of a core.
gc.set_threshold(100_000, 50, 100)

if sys.version_info < (3, 13):
    # LocalStack's Step Functions writes the type `Lock | None`; before 3.13 threading.Lock is a function, not a type.
    _allocate = threading.Lock

    class _Lock:
        def __new__(cls) -> Any:
            return _allocate()

    threading.Lock = _Lock

if __name__ == "__main__":
    runpy.run_module("localstack.runtime.main", run_name="__main__", alter_sys=True)
