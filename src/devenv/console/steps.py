"""The progress of a command: a live list on a terminal, plain lines in a file."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn


class Steps:
    """Each step is a line with its time; a step with a total has a bar. Steps may run side by side."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[progress]}"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )

    def __enter__(self) -> "Steps":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def step(self, title: str, *, total: int | None = None) -> Iterator["Step"]:
        """Times the block, and prints its line when it ends without an error."""
        started = time.monotonic()
        with self._lock:
            task = self._progress.add_task(title, total=total, progress="")
        step = Step(self._progress, task, total)
        try:
            yield step
        finally:
            self._progress.remove_task(task)
        note = f"  {step.note}" if step.note else ""
        self._console.print(
            f"[green]✓[/] {title:<34} [dim]{time.monotonic() - started:5.1f} s{note}[/]", highlight=False
        )

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started


class Step:
    """A running step: its progress, and a note for its line."""

    def __init__(self, progress: Progress, task: TaskID, total: int | None) -> None:
        self._progress = progress
        self._task = task
        self._total = total
        self.note = ""

    def done(self, count: int) -> None:
        progress = f"{count} of {self._total}" if self._total else str(count)
        self._progress.update(self._task, completed=count, progress=progress)
