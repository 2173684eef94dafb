"""Turns this process into a Lambda function's: environment, paths, output; then runs AWS's own runtime client.

Reached in two ways: by a child of the fork server (``become``), or as ``python -I function_process.py FD`` in a fresh
interpreter (``replace`` execs that). The spec is a dict: ``env``, ``task_root``, ``path`` (the layers' folders, which
stand before the runtime's own site-packages), ``pycache`` (folder for byte code), ``parent`` (pid to die with),
``debugger`` (None, or its ``folder``, ``host``, ``port`` and ``wait``).
"""

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Collection
from importlib import import_module
from importlib.machinery import PathFinder, SourceFileLoader
from typing import Any

Spec = dict[str, Any]
PR_SET_PDEATHSIG = 1
PORT_SECONDS = 3.0
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def detach(spec: Spec, log_fd: int) -> int:
    """Own process group, output into the log pipe, default signals; returns the descriptor for framed log records."""
    die_with(spec["parent"])
    os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(log_fd, 1)
    os.dup2(log_fd, 2)
    for fd in {null, log_fd}:
        if fd > 2:
            os.close(fd)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    frames = os.dup(1)
    os.set_inheritable(frames, True)
    return frames


def become(spec: Spec, log_fd: int, preloaded: Collection[str]) -> None:
    """Run the function in this very process, forked from one that has ``preloaded`` packages imported."""
    frames = detach(spec, log_fd)
    set_environment(spec["env"], frames)
    own = own_packages([spec["task_root"], *spec["path"]], preloaded)
    if own:
        for name in [name for name in sys.modules if name.partition(".")[0] in own]:
            del sys.modules[name]
    run(spec)


def replace(spec: Spec, log_fd: int) -> None:
    """Run the function in a fresh interpreter, in this process's place."""
    frames = detach(spec, log_fd)
    spec_fd = os.memfd_create("spec", 0)
    os.write(spec_fd, json.dumps({**spec, "frames": frames}).encode())
    os.lseek(spec_fd, 0, os.SEEK_SET)
    arguments = [sys.executable, "-I", "-X", "utf8", __file__, str(spec_fd)]
    os.execve(sys.executable, arguments, spec["env"])


def set_environment(env: dict[str, str], frames: int) -> None:
    """Make ``env`` the whole environment, of C code too."""
    os.environ.clear()
    os.environ.update(env)
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(frames)
    time.tzset()


def own_packages(path: list[str], preloaded: Collection[str]) -> set[str]:
    """The preloaded packages of which the function's own folders hold another copy, which must win, as on AWS."""
    shadowed: set[str] = set()
    for name in preloaded:
        module = sys.modules.get(name)
        loaded_from = getattr(getattr(module, "__spec__", None), "origin", None)
        if loaded_from is None:
            continue
        found = PathFinder.find_spec(name, path)
        if found is not None and found.origin != loaded_from:
            shadowed.add(name)
    return shadowed


def exact_path_stats(_: SourceFileLoader, path: str) -> dict[str, int]:
    """Source time in microseconds, not seconds: two saves within one second must not share byte code."""
    stat = os.stat(path)  # noqa: PTH116 - each import of a cold start comes here
    return {"mtime": stat.st_mtime_ns // 1000, "size": stat.st_size}


def run(spec: Spec) -> None:
    """Serve invocations with awslambdaric until killed; returns or exits only on an error."""
    sys.pycache_prefix = spec["pycache"]
    SourceFileLoader.path_stats = exact_path_stats  # type: ignore[method-assign, assignment]
    extra = [entry for entry in os.environ.get("PYTHONPATH", "").split(":") if entry]
    sys.path[:0] = [spec["task_root"], *extra, *spec["path"]]
    os.chdir(spec["task_root"])
    if spec.get("debugger"):
        debug(spec["debugger"])
    handler = os.environ["_HANDLER"]
    sys.argv = ["bootstrap.py", handler]
    from awslambdaric.__main__ import main

    main(sys.argv)


def debug(debugger: dict[str, Any]) -> None:
    """Have debugpy listen, and wait for an IDE if asked. Where another process has the port the function goes on."""
    # Its warning of frozen modules, which nobody here debugs, would stand in the function's log.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    try:
        sys.path.insert(0, debugger["folder"])
        debugpy: Any = import_module("debugpy")
        sys.path.remove(debugger["folder"])
        _listen(debugpy, debugger)
    finally:
        del os.environ["PYDEVD_DISABLE_FILE_VALIDATION"]


def _listen(debugpy: Any, debugger: dict[str, Any]) -> None:
    debugpy.configure(python=sys.executable, subProcess=False)
    give_up = time.monotonic() + PORT_SECONDS
    while True:
        try:
            debugpy.listen((debugger["host"], debugger["port"]))
            break
        except RuntimeError as error:  # the process before this one may still be ending
            if time.monotonic() > give_up:
                print(f"No debugger here, port {debugger['port']} is another's: {error}", flush=True)
                return
            time.sleep(0.1)
    if debugger["wait"]:
        debugpy.wait_for_client()


def main(spec_fd: int) -> None:
    """Entry of the fresh interpreter."""
    with os.fdopen(spec_fd, "rb") as file:
        spec: Spec = json.load(file)
    set_environment(spec["env"], spec["frames"])
    run(spec)


if __name__ == "__main__":
    main(int(sys.argv[1]))
