"""A machine without a fitting Python is told what to install, one with a broken shim is not misled by it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devenv.instance import PROJECT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of the project as the bootstrap reads."""
    target = tmp_path / "clone"
    (target / "src" / "devenv").mkdir(parents=True)
    for name in ("requirements.txt", "pyproject.toml", "Makefile", "src/devenv/bootstrap.sh"):
        shutil.copy(PROJECT / name, target / name)
    return target


def _tools(folder: Path) -> Path:
    """A PATH with what a shell script needs, and no Python."""
    folder.mkdir()
    for name in ("sh", "make", "sed", "cat", "dirname", "touch", "printf"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return folder


def _up(clone: Path, path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "up"],
        cwd=clone,
        env={"PATH": str(path), "HOME": str(clone)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_python_the_message_names_the_package_to_install(clone: Path, tmp_path: Path) -> None:
    ended = _up(clone, _tools(tmp_path / "bin"))
    assert ended.returncode != 0
    assert "Python 3.12 or newer" in ended.stderr
    assert "apt-get install python3.13" in ended.stderr
    assert not (clone / ".venv").exists()


def test_a_shim_that_fails_and_an_old_python_are_passed_over(clone: Path, tmp_path: Path) -> None:
    tools = _tools(tmp_path / "bin")
    for name in ("python3.13", "python3"):
        (tools / name).write_text("#!/bin/sh\nexit 127\n")
        (tools / name).chmod(0o755)
    # The one that fits is found in pyenv's folder; it stands in for one and only says that it was called.
    python = clone / ".pyenv" / "versions" / "3.12.9" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\ncase "$1" in -c) exit 0;; --version) echo Python 3.12.9;; *) exit 9;; esac\n')
    python.chmod(0o755)
    ended = _up(clone, tools)
    assert "Making .venv with Python 3.12.9" in ended.stdout
    assert str(python) in ended.stdout


def test_the_project_itself_is_set_up_already() -> None:
    """The second time compares a hash and ends."""
    before = (PROJECT / ".venv" / ".installed").read_text()
    subprocess.run(["sh", "src/devenv/bootstrap.sh"], cwd=PROJECT, env=dict(os.environ), check=True)
    assert (PROJECT / ".venv" / ".installed").read_text() == before
