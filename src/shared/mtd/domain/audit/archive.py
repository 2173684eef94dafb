"""Orders in the archive: an object is JSON lines under gzip, a line is an order with all of its rows.

A line is `{"order": …, "events": […], "tasks": […], "mails": […], "incidents": […], "warnings": […]}`, rows as
PostgreSQL had them. The `detail` and `ms` of an event are texts as PostgreSQL prints them, so that a verification can
compute its hash again.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mtd.domain.audit.chain import AuditEvent

type ArchiveLine = dict[str, Any]


def pack(lines: Iterable[str]) -> bytes:
    """Lines of JSON as an object; the same lines make the same object."""
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def unpack(content: bytes) -> list[ArchiveLine]:
    """The lines of an object. Raises OSError, EOFError or ValueError for other content."""
    return [json.loads(line) for line in gzip.decompress(content).decode().splitlines()]


def checksum(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def object_key(content: bytes, ended_at: datetime) -> str:
    """The key of an object: the month in which its first order ended, then the hash of its content."""
    return f"orders/{ended_at:%Y/%m}/{checksum(content)}.jsonl.gz"


def manifest(content: bytes, order_ids: Sequence[str], events: int) -> str:
    """The JSON beside an object, which describes it."""
    described = {"sha256": checksum(content), "bytes": len(content), "events": events, "orders": list(order_ids)}
    return json.dumps(described, indent=1)


def events_of(line: Mapping[str, Any]) -> list[AuditEvent]:
    """The events of a line, as `chain` verifies them."""
    order_id = UUID(line["order"]["order_id"])
    return [
        AuditEvent(
            order_id=order_id,
            at=datetime.fromisoformat(row["at"]),
            salt=UUID(row["salt"]) if row["salt"] else None,
            detail_digest=bytes.fromhex(row["detail_digest"]) if row["detail_digest"] else None,
            hash=bytes.fromhex(row["hash"]) if row["hash"] else None,
            **{name: row[name] for name in _AS_THEY_ARE},
        )
        for row in line["events"]
    ]


def detail_erased(row: Mapping[str, Any], erase: Callable[[Any], Any]) -> dict[str, Any]:
    """An event of a line whose detail went through `erase`. A changed detail keeps its digest and loses its salt."""
    detail = json.loads(row["detail"])
    erased = erase(detail)
    if erased == detail:
        return dict(row)
    digest = row["detail_digest"]
    if row["salt"]:
        digest = hashlib.sha256(UUID(row["salt"]).bytes + row["detail"].encode()).hexdigest()
    return {**row, "detail": json.dumps(erased, ensure_ascii=False), "salt": None, "detail_digest": digest}


_AS_THEY_ARE = tuple("event_id position who source what from_state to_state ms request_id detail".split())
