"""A backup without a system: what counts as equal, which files are none, and keys that no file system takes."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from devenv.backup.comparison import ContentDigest, compared, objects
from devenv.backup.file import _unpacked
from devenv.backup.objects import Bucket
from devenv.problem import Problem


def test_tables_with_equal_rows_and_digests_are_equal() -> None:
    one, other = ContentDigest(rows=2, digest="a"), ContentDigest(rows=2, digest="b")

    assert compared({"a": one, "b": one, "c": one}, {"a": one, "b": other, "d": one}) == [
        ("a", 2, 2, True),
        ("b", 2, 2, False),
        ("c", 2, None, False),
        ("d", None, 2, False),
    ]
    assert objects({"k": "1", "l": "2"}) == objects({"l": "2", "k": "1"})
    assert objects({"k": "1"}) != objects({"k": "2"})


class FakeS3:
    """Buckets that tell of what is put, and forget that they do while they should."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.configuration: dict[str, Any] = {"QueueConfigurations": [{"Id": "q"}]}
        self.heard: list[str] = []

    def get_paginator(self, _: str) -> "FakeS3":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": key} for key in self.content]}, {}]

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self.content[Key])}

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803
        self.content[Key] = Body
        if self.configuration:
            self.heard.append(Key)

    def get_bucket_notification_configuration(self, **_: Any) -> dict[str, Any]:
        return {**self.configuration, "ResponseMetadata": {}}

    def put_bucket_notification_configuration(self, *, NotificationConfiguration: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self.configuration = NotificationConfiguration


def test_every_object_comes_back_under_its_key_without_an_event(tmp_path: Path) -> None:
    keys = ["orders/a.xml", "orders/a.xml/b", "../x", "ñ/ %/+", "k" * 1_000, "a", "a/", "%2F", "x" * 199 + "/+"]
    first, second = FakeS3(), FakeS3()
    first.content = {key: key.encode() for key in keys}

    saved = Bucket(first, "inbox", tmp_path / "inbox").save()
    loaded = Bucket(second, "inbox", tmp_path / "inbox").load()

    assert second.content == first.content
    assert loaded == saved
    assert (second.heard, second.configuration) == ([], {"QueueConfigurations": [{"Id": "q"}]})


def test_a_file_that_is_no_backup_is_said(tmp_path: Path) -> None:
    file = tmp_path / "x.backup"
    with pytest.raises(Problem, match="holds no backup"):
        _unpacked(file, tmp_path / "a")
    file.write_bytes(b"no tar")
    with pytest.raises(Problem, match="is not a complete backup"):
        _unpacked(file, tmp_path / "b")
    for manifest, message in ((None, "holds no backup"), ({"form": 7}, "another format")):
        with tarfile.open(file, "w:gz") as archive:
            content = json.dumps(manifest).encode()
            entry = tarfile.TarInfo("manifest.json" if manifest else "other")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        with pytest.raises(Problem, match=message):
            _unpacked(file, tmp_path / "c")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Problem, match="is not a complete backup"):
        _unpacked(file, tmp_path / "d")
