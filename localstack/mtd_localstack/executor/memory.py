"""Reads how much memory a process uses, cheaply, from one descriptor kept open on /proc."""

import os
import re

PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB", re.MULTILINE)
CURRENT = re.compile(rb"^VmRSS:\s+(\d+) kB", re.MULTILINE)


class MemoryGauge:
    """Resident memory of one process, in MB rounded up."""

    def __init__(self, pid: int) -> None:
        self._peak_mb = 0
        try:
            self._fd = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._fd = -1

    def peak_mb(self) -> int:
        """The most that was ever resident at once, also between two looks; the last reading once it has ended."""
        self._peak_mb = max(self._peak_mb, self._read(PEAK))
        return self._peak_mb

    def current_mb(self) -> int:
        """The resident memory now."""
        return self._read(CURRENT)

    def close(self) -> None:
        """Give the descriptor back."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _read(self, pattern: re.Pattern[bytes]) -> int:
        if self._fd < 0:
            return 0
        try:
            match = pattern.search(os.pread(self._fd, 4096, 0))
        except (ProcessLookupError, OSError):
            return 0
        return -(-int(match.group(1)) // 1024) if match else 0
