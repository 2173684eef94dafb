"""Batches of saved files from watchdog's events, without the temporary files of editors."""

import queue
import time
from collections.abc import Sequence
from pathlib import Path

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

_QUIET_SECONDS = 0.015
# Without the events of reads: each start of a function reads its files.
_EVENTS: list[type[FileSystemEvent]] = [
    FileModifiedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileClosedEvent,
]
_SKIPPED_FOLDERS = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def affects_the_system(path: Path) -> bool:
    """Whether the file can change what runs, unlike swap files, caches and backups."""
    name = path.name
    if name.startswith((".", "#")) or name.endswith(("~", ".pyc", ".swp", ".tmp", ".orig")) or name == "4913":
        return False
    return not _SKIPPED_FOLDERS & set(path.parts)


class SavedFiles(FileSystemEventHandler):
    """`next()` returns the paths that changed since the last call."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._queue: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._observer = Observer()
        for folder in folders:
            if folder.is_dir():
                self._observer.schedule(self, str(folder), recursive=True, event_filter=_EVENTS)

    def start(self) -> None:
        self._observer.start()

    def stop(self) -> None:
        self._observer.stop()
        self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.is_directory:
            return
        for name in (event.src_path, event.dest_path):
            if name:
                path = Path(name if isinstance(name, str) else bytes(name).decode())
                if affects_the_system(path):
                    self._queue.put(path)

    def next(self, seconds: float) -> set[Path]:
        """Waits up to `seconds` for a change, then for a pause in the changes; empty when nothing changed."""
        try:
            found = {self._queue.get(timeout=seconds)}
        except queue.Empty:
            return set()
        limit = time.monotonic() + 0.5
        while time.monotonic() < limit:
            try:
                found.add(self._queue.get(timeout=_QUIET_SECONDS))
            except queue.Empty:
                break
        return found
