"""Forks function processes from an interpreter that has third-party modules loaded already.

Run as ``python -I fork_server.py FD``, where FD is a connected SOCK_SEQPACKET socket. The first message is the
settings, ``{"path": [...], "preload": [...], "services": [...], "exec": bool}``; then one request a message, one answer
each:

* ``{"op": "start", "spec": {...}}`` with the write end of the log pipe attached answers ``{"pid": n}`` with a pidfd.
* ``{"op": "wait", "pid": n}`` answers ``{"status": n}``: the exit code, or minus the signal that killed it.

The server stays single-threaded (a fork copies one thread only) and never imports ``runtime_client``, whose native
part captures AWS_LAMBDA_RUNTIME_API when imported. When its socket closes, it kills what it started and ends.
"""

import gc
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import function_process  # type: ignore[import-not-found]
import warm_botocore  # type: ignore[import-not-found]

sys.path.pop(0)

MAX_MESSAGE = 1 << 18
NEVER_PRELOADED = ("runtime_client", "awslambdaric.bootstrap", "awslambdaric.lambda_runtime_client")


def preload(names: list[str]) -> dict[str, str]:
    """Import what is there of ``names``; returns the failures other than absence, by module name."""
    failures: dict[str, str] = {}
    for name in names:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if not (error.name and name.startswith(error.name)):
                failures[name] = f"{type(error).__name__}: {error}"
        except Exception as error:  # a broken package must fail in the function that uses it, not here
            failures[name] = f"{type(error).__name__}: {error}"
    for name in NEVER_PRELOADED:
        if sys.modules.pop(name, None) is not None:
            failures[name] = "was imported by a preloaded module"
    return failures


def kill_children(children: set[int]) -> None:
    """Kill each child's process group and reap the child."""
    for pid in children:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    for pid in children:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


def serve(control: socket.socket) -> tuple[dict[str, object], int] | None:
    """Answer requests until the socket closes (None), or, in a forked child, return its spec and log pipe."""
    children: set[int] = set()
    while True:
        try:
            message, fds, _, _ = socket.recv_fds(control, MAX_MESSAGE, 4)
        except ConnectionResetError:
            message, fds = b"", []
        if not message:
            kill_children(children)
            return None
        request = json.loads(message)
        if request["op"] == "wait":
            _, status = os.waitpid(request["pid"], 0)
            children.discard(request["pid"])
            control.sendall(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode())
            continue
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            control.close()
            request["spec"]["parent"] = server
            return request["spec"], fds[0]
        children.add(pid)
        with suppress(PermissionError, ProcessLookupError):  # the child may be faster
            os.setpgid(pid, pid)
        for fd in fds:
            os.close(fd)
        pidfd = os.pidfd_open(pid)
        socket.send_fds(control, [json.dumps({"pid": pid}).encode()], [pidfd])
        os.close(pidfd)


def main(fd: int) -> None:
    """Load, report, serve; in a child, become the function."""
    control = socket.socket(fileno=fd)
    settings = json.loads(control.recv(MAX_MESSAGE))
    sys.path[:0] = settings["path"]
    base = set(sys.modules)
    failures = preload(settings["preload"])
    if "boto3" in sys.modules:
        try:
            warm_botocore.warm(settings["services"])
        except Exception as error:  # as above
            failures["boto3"] = f"{type(error).__name__}: {error}"
    third_party = {name.partition(".")[0] for name in set(sys.modules) - base} - set(sys.stdlib_module_names)
    gc.collect()
    gc.freeze()
    threads = len(list(Path("/proc/self/task").iterdir()))
    report = {"modules": sorted(third_party), "failures": failures, "threads": threads}
    control.sendall(json.dumps(report).encode())
    del sys.path[: len(settings["path"])]
    started = serve(control)
    if started is None:
        return
    spec, log_fd = started
    if settings["exec"]:
        function_process.replace(spec, log_fd)
    else:
        function_process.become(spec, log_fd, third_party)


if __name__ == "__main__":
    main(int(sys.argv[1]))
