"""Unpacking layers and their order on the search path."""

import base64
import hashlib
import io
import stat
import zipfile
from pathlib import Path
from typing import IO

import pytest
from mtd_localstack.executor.layers import search_path, unpack


class ZipArchive:
    """A layer's archive in memory, that counts how often it is fetched."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.code_sha256 = base64.b64encode(hashlib.sha256(data).digest()).decode()
        self.fetched = 0

    def _download_archive_to_file(self, target_file: IO[bytes]) -> None:
        self.fetched += 1
        target_file.write(self.data)
        target_file.flush()


def layer() -> ZipArchive:
    """A layer with a module, a program and a link to the program."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("python/module.py", "x = 1")
        program = zipfile.ZipInfo("bin/program")
        program.external_attr = (stat.S_IFREG | 0o755) << 16
        archive.writestr(program, "#!/bin/sh")
        link = zipfile.ZipInfo("bin/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "program")
    return ZipArchive(buffer.getvalue())


def test_a_layer_is_unpacked_with_modes_and_links(tmp_path: Path) -> None:
    opt = unpack(layer(), tmp_path)
    assert (opt / "python/module.py").read_text() == "x = 1"
    assert (opt / "bin/program").stat().st_mode & 0o777 == 0o755
    assert (opt / "python/module.py").stat().st_mode & 0o777 == 0o644
    assert (opt / "bin/link").readlink() == Path("program")


def test_the_same_content_is_unpacked_once(tmp_path: Path) -> None:
    first, second = layer(), layer()
    assert unpack(first, tmp_path) == unpack(second, tmp_path) == unpack(first, tmp_path)
    assert (first.fetched, second.fetched) == (1, 0)


def test_a_broken_layer_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(zipfile.BadZipFile):
        unpack(ZipArchive(b"no zip"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_later_layers_come_first_and_hot_folders_are_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    (one / "python").mkdir(parents=True)
    (two / "python/lib/python3.13/site-packages").mkdir(parents=True)
    (two / "bin").mkdir()
    hot, folders = search_path([("one", one), ("two", two)], hot={"one": Path("/src")}, python="3.13")
    assert hot == ["/src"]
    assert folders == [
        str(two / "python/lib/python3.13/site-packages"),
        str(two / "python"),
        str(one / "python"),
    ]
