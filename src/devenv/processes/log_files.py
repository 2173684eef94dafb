"""Reads and follows the instance's log files."""

import time
from collections.abc import Sequence
from pathlib import Path


def tail(path: Path, last: int) -> list[str]:
    """The last lines of a file; none if there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - max(64_000, last * 400)))
            return file.read().decode("utf-8", "replace").splitlines()[-last:]
    except OSError:
        return []


def follow(paths: Sequence[Path], *, last: int = 20) -> None:
    """Prints the last lines of each file, then every new line, until interrupted. A replaced file is read from its
    start."""
    places: dict[Path, tuple[int, int]] = {}
    for path in paths:
        for line in tail(path, last):
            print(_named(path, line, paths), flush=True)
        places[path] = _place(path)
    while True:
        for path in paths:
            inode, size = _place(path)
            known_inode, offset = places[path]
            if inode != known_inode or size < offset:
                offset = 0
            if size > offset:
                with path.open("rb") as file:
                    file.seek(offset)
                    text = file.read()
                whole = text[: text.rfind(b"\n") + 1]
                for line in whole.decode("utf-8", "replace").splitlines():
                    print(_named(path, line, paths), flush=True)
                offset += len(whole)
            places[path] = (inode, offset)
        time.sleep(0.2)


def _place(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_ino, stat.st_size)


def _named(path: Path, line: str, paths: Sequence[Path]) -> str:
    return line if len(paths) == 1 else f"{path.stem:<11} {line}"
