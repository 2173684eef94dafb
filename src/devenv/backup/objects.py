"""Saves and restores the newest version of each object of a bucket, eight at a time."""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

_AT_ONCE = 8


class Bucket:
    """A bucket, and a folder with its objects as files. A file's name is the percent-encoded key."""

    def __init__(self, s3: Any, name: str, folder: Path) -> None:
        self._s3 = s3
        self._name = name
        self._folder = folder

    def save(self) -> dict[str, str]:
        """Writes each object into a file; returns SHA-256 by key."""
        self._folder.mkdir(parents=True)
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name)
        keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(keys, pool.map(self._save, keys), strict=True))

    def _save(self, key: str) -> str:
        content: bytes = self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()
        # A file name may have 255 bytes, a key 1,024.
        name = quote(key, safe="")
        parts = [name[start : start + 200] for start in range(0, len(name), 200)]
        file = self._folder.joinpath(*(f"{part}+" for part in parts[:-1]), parts[-1])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def load(self) -> dict[str, str]:
        """Puts each file as an object, without S3 events; returns SHA-256 by key of the objects in the bucket."""
        files = {
            unquote("".join(p.removesuffix("+") for p in f.relative_to(self._folder).parts)): f for f in self._files()
        }
        with self._without_events(), ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(files, pool.map(self._load, files, files.values()), strict=True))

    def _load(self, key: str, file: Path) -> str:
        self._s3.put_object(Bucket=self._name, Key=key, Body=file.read_bytes())
        content: bytes = self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()
        return hashlib.sha256(content).hexdigest()

    def _files(self) -> list[Path]:
        return [file for file in sorted(self._folder.rglob("*")) if file.is_file()]

    @contextmanager
    def _without_events(self) -> Iterator[None]:
        configuration: Mapping[str, Any] = self._s3.get_bucket_notification_configuration(Bucket=self._name)
        kept = {name: value for name, value in configuration.items() if name != "ResponseMetadata"}
        self._s3.put_bucket_notification_configuration(Bucket=self._name, NotificationConfiguration={})
        try:
            yield
        finally:
            self._s3.put_bucket_notification_configuration(Bucket=self._name, NotificationConfiguration=kept)
