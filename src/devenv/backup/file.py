"""The file of a backup: a tar of the database's dump, of the objects, and of a manifest with the digests of both."""

import json
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devenv.backup import comparison
from devenv.backup.comparison import ContentDigest
from devenv.backup.database import DatabaseBackup
from devenv.backup.objects import Bucket
from devenv.problem import Problem
from devenv.running import Running

FORM = 1
_DUMP, _MANIFEST = "database.dump", "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreResult:
    """`rows` are (table or bucket, rows in the backup, rows restored, whether they are equal)."""

    made_at: str
    rows: list[tuple[str, int | None, int | None, bool]]

    @property
    def equal(self) -> bool:
        return all(row[3] for row in self.rows)


def save(running: Running, file: Path) -> dict[str, ContentDigest]:
    """Writes the backup and returns the digest of each table and bucket. Raises Problem."""
    with _folder() as folder:
        found = _database(running).dump(folder / _DUMP)
        for name, bucket in _buckets(running, folder).items():
            found[f"s3 {name}"] = comparison.objects(bucket.save())
        manifest = {
            "form": FORM,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "content": {name: content.as_json() for name, content in found.items()},
        }
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        unfinished = file.with_name(f"{file.name}.unfinished")
        try:
            with tarfile.open(unfinished, "w:gz", compresslevel=1) as archive:
                for each in sorted(folder.iterdir()):
                    archive.add(each, each.name)
            unfinished.chmod(0o600)
            unfinished.replace(file)
        except OSError as error:
            raise Problem(f"{file} cannot be written: {error.strerror}.", fix="Choose another file.") from error
        finally:
            unfinished.unlink(missing_ok=True)
    return found


def load(running: Running, file: Path) -> RestoreResult:
    """Restores into an instance without orders, and puts the database in place when every digest is equal.

    Raises Problem."""
    database = _database(running)
    with _folder() as folder:
        manifest = _unpacked(file, folder)
        before = {name: ContentDigest(**content) for name, content in manifest["content"].items()}
        if (orders := database.orders()) > 0:
            raise Problem(
                f"Instance '{running.instance.name}' has {orders} orders; a backup needs an instance without orders.",
                fix="Start one: 'MTD_INSTANCE=restored mtd up --no-seed'; or here, 'mtd down --wipe' first.",
            )
        try:
            after = database.restore(folder / _DUMP)
            for name, bucket in _buckets(running, folder).items():
                after[f"s3 {name}"] = comparison.objects(bucket.load())
            restored = RestoreResult(made_at=manifest["made_at"], rows=comparison.compared(before, after))
            if restored.equal:
                database.replace()
        finally:
            database.drop()
    return restored


def _database(running: Running) -> DatabaseBackup:
    return DatabaseBackup(running.instance, running.document["ports"]["postgres"])


def _buckets(running: Running, folder: Path) -> dict[str, Bucket]:
    s3 = running.clients.client("s3")
    names = {"inbox": running.output("InboxBucket"), "archive": running.output("ArchiveBucket")}
    return {name: Bucket(s3, bucket, folder / name) for name, bucket in names.items()}


def _unpacked(file: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except FileNotFoundError as error:
        raise Problem(f"{file} does not exist, or holds no backup.", fix="Check the path.") from error
    except (OSError, EOFError, ValueError, tarfile.TarError) as error:
        raise Problem(f"{file} is not a complete backup of 'mtd backup' ({error}).") from error
    if manifest.get("form") != FORM:
        raise Problem(
            f"{file} is a backup of another format ({manifest.get('form')}).",
            fix="Restore it with the version of mtd that wrote it.",
        )
    result: dict[str, Any] = manifest
    return result


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mtd-backup-") as name:
        yield Path(name)
