"""Identifies a process by its pid and start time, because the kernel reuses pids."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """`started` is the kernel's start time (clock ticks since boot where /proc has them, else epoch seconds)."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """The identity of a living process; None when there is none (a zombie counts as none)."""
        started = _start_time(pid)
        return None if started is None else cls(pid=pid, started=started)

    @classmethod
    def from_json(cls, value: Any) -> "ProcessIdentity | None":
        if isinstance(value, dict) and isinstance(value.get("pid"), int):
            return cls(pid=value["pid"], started=str(value.get("started", "")))
        return None

    def as_json(self) -> dict[str, Any]:
        return {"pid": self.pid, "started": self.started}

    def alive(self) -> bool:
        return _start_time(self.pid) == self.started


def _start_time(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        try:
            process = psutil.Process(pid)
            dead = process.status() == psutil.STATUS_ZOMBIE
            return None if dead else f"{process.create_time():.2f}"
        except psutil.Error:
            return None
    fields = text.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return f"{_boot_id()}:{fields[19]}"


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "boot"
