"""Starting a child that cannot outlive its parent."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from devenv.processes.request import ProcessRequest

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def adopt_orphans() -> None:
    """Makes this process the parent of orphaned descendants (PR_SET_CHILD_SUBREAPER), so that a stop finds them."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(request: ProcessRequest) -> subprocess.Popen[bytes]:
    """Starts the process in a session of its own. Raises OSError when it cannot be started."""
    parent = os.getpid()

    def prepare() -> None:
        # The order matters: a change of user clears the death signal.
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        if request.gid is not None:
            os.setgroups([])
            os.setgid(request.gid)
        if request.uid is not None:
            os.setuid(request.uid)
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, request.death_signal, 0, 0, 0)
        # Ledgers, mails and buckets hold orders: no other user of the machine reads what a server writes.
        os.umask(0o077)
        if os.getppid() != parent:
            os._exit(1)

    log = Path(request.log)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            request.argv,
            env=dict(request.environment),
            cwd=request.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=prepare,
        )
