"""Events of the disk: saved files are reported, once no more changes come."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.watch.saved_files import SavedFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "handler.py").write_text("x = 1\n")
    return tmp_path


@pytest.fixture
def changes(folder: Path) -> Iterator[SavedFiles]:
    made = SavedFiles([folder, folder / "missing"])
    made.start()
    yield made
    made.stop()


def _reports(changes: SavedFiles, wanted: Path, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if wanted in changes.next(seconds=1):
            return True
    return False


def test_a_save_in_place_is_reported(folder: Path, changes: SavedFiles) -> None:
    (folder / "deep" / "handler.py").write_text("x = 2\n")
    assert _reports(changes, folder / "deep" / "handler.py")


def test_a_save_by_rename_is_reported(folder: Path, changes: SavedFiles) -> None:
    temporary = folder / "deep" / ".handler.py.saving"
    temporary.write_text("x = 3\n")
    temporary.replace(folder / "deep" / "handler.py")
    assert _reports(changes, folder / "deep" / "handler.py")


def test_a_file_in_a_new_folder_is_reported(folder: Path, changes: SavedFiles) -> None:
    new = folder / "new"
    new.mkdir()
    # The watch on a new folder starts a moment after the folder: a second save is seen for sure.
    deadline = time.monotonic() + 20
    seen = False
    while not seen and time.monotonic() < deadline:
        (new / "handler.py").write_text(f"x = {time.monotonic()}\n")
        seen = new / "handler.py" in changes.next(seconds=1)
    assert seen


def test_a_removal_is_reported(folder: Path, changes: SavedFiles) -> None:
    (folder / "deep" / "handler.py").unlink()
    assert _reports(changes, folder / "deep" / "handler.py")


def test_reads_and_temporary_files_are_not_reported(folder: Path, changes: SavedFiles) -> None:
    (folder / "deep" / "handler.py").read_text()
    (folder / "deep" / ".handler.py.swp").write_text("x")
    (folder / "deep" / "last.py").write_text("")
    found: set[Path] = set()
    deadline = time.monotonic() + 20
    while folder / "deep" / "last.py" not in found and time.monotonic() < deadline:
        found |= changes.next(seconds=1)
    assert found == {folder / "deep" / "last.py"}
