"""Keeps what LocalStack has in its memory from `mtd down` to the next `mtd up`: messages and objects."""

import base64
import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from delivery.deployment.emulator_content import EmulatorContent, put_content, read_content
from delivery.deployment.stack import Stack
from devenv.aws import Clients
from devenv.backends.postgres import DATABASE, ROLE
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST

_FORM = 1
_RENAME = """update waiting_orders w set message_id = r.new
from jsonb_to_recordset(%(renamed)s) as r (old text, new text) where w.message_id = r.old"""


class EmulatorState:
    """The file of one instance, which only its owner can read: it holds orders."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._file = instance.folder / "emulator-state.json.gz"

    def save(self, clients: Clients) -> tuple[int, int]:
        """Writes the file; the numbers of messages and objects in it. Raises Problem, and errors of boto3."""
        content = read_content(clients, self._stack(clients))
        unfinished = self._file.with_suffix(".unfinished")
        with gzip.open(_private(unfinished), "wt", encoding="utf-8", compresslevel=1) as file:
            json.dump(_encoded(content), file)
        unfinished.replace(self._file)
        return content.counts

    def exists(self) -> bool:
        return self._file.exists()

    def restore(self, clients: Clients, document: Mapping[str, Any]) -> tuple[int, int]:
        """Puts the file's content into the new stack and removes the file; the numbers of messages and objects."""
        with gzip.open(self._file, "rt", encoding="utf-8") as file:
            content = _decoded(json.load(file))
        self.rename_waiting(put_content(clients, self._stack(clients), content), document)
        self._file.unlink()
        return content.counts

    def rename_waiting(self, renamed: Mapping[str, str], document: Mapping[str, Any]) -> None:
        """Has the rows of waiting orders name the messages by their new ids."""
        if not renamed:
            return
        password = InstancePasswords.of(self._instance).application
        port = document["ports"]["postgres"]
        with psycopg.connect(host=HOST, port=port, user=ROLE, password=password, dbname=DATABASE) as connection:
            rows = [{"old": old, "new": new} for old, new in renamed.items()]
            connection.execute(_RENAME, {"renamed": Jsonb(rows)})

    def _stack(self, clients: Clients) -> Stack:
        return Stack(clients.client("cloudformation"), self._instance.stack)


def _private(path: Path) -> Any:
    """The file, new and open for writing, which nobody else can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _encoded(content: EmulatorContent) -> dict[str, Any]:
    objects = {
        bucket: [item | {"Body": base64.b64encode(item["Body"]).decode()} for item in items]
        for bucket, items in content.objects.items()
    }
    return {"form": _FORM, "messages": content.messages, "objects": objects}


def _decoded(value: Mapping[str, Any]) -> EmulatorContent:
    objects = {
        bucket: [item | {"Body": base64.b64decode(item["Body"])} for item in items]
        for bucket, items in value["objects"].items()
    }
    return EmulatorContent(messages=value["messages"], objects=objects)
