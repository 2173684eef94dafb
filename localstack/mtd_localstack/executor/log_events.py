"""Cuts a function's output into log events, as Lambda does: a line printed is one event, a logged record is one."""

import time
from dataclasses import dataclass

FRAME_MARK = b"\xa5\x5a\x00"
"""The header of a framed record: type (4 bytes), length (4), microseconds since 1970 (8), big-endian."""
HEADER_LENGTH = 16
MAX_EVENT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event; ``timestamp`` in milliseconds since 1970."""

    timestamp: int
    message: str


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class LogAssembler:
    """Takes the bytes of a pipe that carries both plain output and awslambdaric's framed log records."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._events: list[LogEvent] = []

    def feed(self, data: bytes) -> None:
        """Take in what was read from the pipe."""
        self._buffer += data
        while self._cut():
            pass

    def take(self, *, all_of_it: bool) -> list[LogEvent]:
        """The events since the last time; with ``all_of_it`` an unfinished line counts as one."""
        if all_of_it and self._buffer:
            self._add(bytes(self._buffer))
            self._buffer.clear()
        events, self._events = self._events, []
        return events

    def _cut(self) -> bool:
        buffer = self._buffer
        line = buffer.find(b"\n")
        mark = buffer.find(FRAME_MARK, 0, line if line >= 0 else len(buffer))
        if mark == 0:
            return self._cut_frame()
        if mark > 0:
            self._add(bytes(buffer[:mark]))
            del buffer[:mark]
            return True
        if line < 0:
            if len(buffer) <= MAX_EVENT_BYTES:
                return False
            line = MAX_EVENT_BYTES - 1
        self._add(bytes(buffer[: line + 1]))
        del buffer[: line + 1]
        return True

    def _cut_frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < HEADER_LENGTH:
            return False
        end = HEADER_LENGTH + int.from_bytes(buffer[4:8], "big")
        if len(buffer) < end:
            return False
        self._add(bytes(buffer[HEADER_LENGTH:end]), int.from_bytes(buffer[8:16], "big") // 1000)
        del buffer[:end]
        return True

    def _add(self, raw: bytes, timestamp: int | None = None) -> None:
        message = raw.decode("utf-8", "replace").rstrip("\n")
        if message:
            self._events.append(LogEvent(now_ms() if timestamp is None else timestamp, message))
