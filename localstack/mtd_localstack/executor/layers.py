"""Unpacks layers, once per content, and says which folders of them stand on sys.path."""

import base64
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

_UNPACKING = threading.Lock()


class Archive(Protocol):
    """A layer's zip."""

    code_sha256: str

    def _download_archive_to_file(self, target_file: IO[bytes]) -> None: ...


def unpack(archive: Archive, folder: Path) -> Path:
    """Unpack the layer below ``folder``, unless its content is there already; returns what is /opt on AWS."""
    digest = base64.b64decode(archive.code_sha256).hex()
    target = folder / digest[:32]
    with _UNPACKING:
        if target.exists():
            return target
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder, prefix="unpacking-"))
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                archive._download_archive_to_file(file)
                extract(file, temporary)
            temporary.rename(target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    return target


def extract(file: IO[bytes], folder: Path) -> None:
    """Extract a zip with its modes and links, readable by all, as Lambda does."""
    with zipfile.ZipFile(file) as zipped:
        for info in zipped.infolist():
            path = Path(zipped.extract(info, folder))
            mode = info.external_attr >> 16
            if mode & 0o170000 == 0o120000:
                link = path.read_text()
                path.unlink()
                path.symlink_to(link)
            else:
                path.chmod(0o755 if path.is_dir() or mode & 0o111 else 0o644)


def search_path(
    layers: Sequence[tuple[str, Path]], *, hot: Mapping[str, Path], python: str
) -> tuple[list[str], list[str]]:
    """The folders of layers (name and unpacked folder, in the function's order): hot ones, and unpacked ones.

    A later layer overrides an earlier one, so it comes first. ``python`` is the runtime's version, as in 3.13.
    """
    hot_folders, folders = [], []
    for name, opt in reversed(layers):
        if name in hot:
            hot_folders.append(str(hot[name]))
        below = (opt / f"python/lib/python{python}/site-packages", opt / "python")
        folders += [str(folder) for folder in below if folder.is_dir()]
    return hot_folders, folders
