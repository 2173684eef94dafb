"""Files for the artifact bucket: zips whose bytes depend on their content alone, keys from a content hash."""

import hashlib
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path

_DATE = (1980, 1, 1, 0, 0, 0)


def files_of(folder: Path) -> list[tuple[str, Path]]:
    """(name inside the folder, file) of the files for a zip, sorted; without hidden and compiled files."""
    found = []
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.is_file() and path.suffix != ".pyc" and not hidden and "__pycache__" not in inside.parts:
            found.append((inside.as_posix(), path))
    return sorted(found)


def content_hash(files: Iterable[tuple[str, Path]]) -> str:
    digest = hashlib.sha256()
    for name, path in files:
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def write_zip(target: Path, files: Iterable[tuple[str, Path]]) -> None:
    """Writes a zip with sorted names, fixed dates and modes: the same files make the same zip on any machine.

    Systems that start at the same time may write the same zip.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.making")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, path in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100755 if path.stat().st_mode & 0o100 else 0o100644) << 16
            archive.writestr(entry, path.read_bytes())
    temporary.replace(target)
