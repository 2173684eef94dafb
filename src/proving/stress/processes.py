"""CPU time and memory of an instance's processes, by group."""

import os
from collections import defaultdict
from collections.abc import Mapping

import psutil

CLIENT = "client"
# Words in the command lines of each group. PostgreSQL and the supervisor are found by their pids.
_FUNCTIONS = "fork_server"
_LOCALSTACK = "localstack_main"


class InstanceProcesses:
    """The processes of an instance, from their pids. This process is the group `client`."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._names = {pid: name for name, pid in pids.items()}

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds so far of each group: running processes and their ended children."""
        used: dict[str, float] = defaultdict(float)
        for group, process in self._all():
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            used[group] += times.user + times.system + times.children_user + times.children_system
        return dict(used)

    def memory_mb(self) -> dict[str, float]:
        """PSS of each group in MB: pages that processes share count once."""
        used: dict[str, float] = defaultdict(float)
        for group, process in self._all():
            if group == CLIENT:
                continue
            try:
                used[group] += process.memory_full_info().pss / 2**20
            except psutil.Error:
                continue
        return dict(used)

    def _all(self) -> list[tuple[str, psutil.Process]]:
        found = [(CLIENT, psutil.Process(os.getpid()))]
        seen = set()
        for pid in self._names:
            try:
                root = psutil.Process(pid)
                for process in (root, *root.children(recursive=True)):
                    if process.pid not in seen:
                        seen.add(process.pid)
                        found.append((self._group(process), process))
            except psutil.Error:
                continue
        return found

    def _group(self, process: psutil.Process) -> str:
        words = " ".join(process.cmdline())
        if _FUNCTIONS in words:
            return "functions"
        if _LOCALSTACK in words:
            return "localstack"
        if process.name().startswith("postgres"):
            return "postgres"
        return self._names.get(process.pid, "others")
