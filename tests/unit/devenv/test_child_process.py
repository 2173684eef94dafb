"""Files of a server, which hold orders, are its owner's alone."""

import os
import signal
import sys
from pathlib import Path

from devenv.processes import child_process
from devenv.processes.request import ProcessRequest


def test_a_server_writes_files_that_nobody_else_can_read(tmp_path: Path) -> None:
    program = "import os; open('ledger', 'w').close(); os.mkdir('bucket')"
    request = ProcessRequest(
        name="writer",
        argv=(sys.executable, "-c", program),
        environment=dict(os.environ),
        folder=str(tmp_path),
        log=str(tmp_path / "logs" / "writer.log"),
        death_signal=signal.SIGKILL,
    )
    assert child_process.start(request).wait(20) == 0, (tmp_path / "logs" / "writer.log").read_text()
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("ledger", "bucket")}
    assert modes == {"ledger": 0o600, "bucket": 0o700}
