"""The running system, and databases of their own in its PostgreSQL for what would spoil everybody's records."""

import json
import os
import subprocess
import sys
from typing import Any

from devenv.instance import PROJECT
from tests.integration.system import System


def mtd(system: System, *words: str) -> Any:
    """The command's answer in JSON. The command must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "devenv", *words, "--json"],
        env=os.environ | {"MTD_INSTANCE": system.state["instance"]},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)
