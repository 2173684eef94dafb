"""Rejected files: their rows, and where the inbox keeps each with its reason beside it."""

import hashlib
import json
from dataclasses import asdict, dataclass

from mtd.domain.errors import RejectedOrder
from mtd.usecases.intake.inbox_file import InboxFile
from mtd.usecases.ports import Objects

REJECTED_PREFIX = "rejected/"
REASON_SUFFIX = ".reason.json"
# S3 takes 1,024 bytes.
_LONGEST_KEY_BYTES = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedFile:
    """A file that is no order. The object `.reason.json` beside the file has the same fields."""

    source: str
    tenant: str
    #: The address where the file is kept.
    kept_at: str
    code: str
    reason: str
    #: In bytes.
    size: int


def kept_key(key: str) -> str:
    """The key of a rejected file. A key that is too long with prefix and suffix ends in its hash instead."""
    kept = REJECTED_PREFIX + key
    if len(kept.encode()) + len(REASON_SUFFIX) <= _LONGEST_KEY_BYTES:
        return kept
    digest = hashlib.sha256(key.encode()).hexdigest()
    return kept.encode()[:900].decode(errors="ignore") + "-" + digest


def reject(arrival: InboxFile, tenant: str, reason: RejectedOrder, objects: Objects) -> RejectedFile:
    """Keep the file that is no order under `rejected/`, with its reason beside it. Returns its row."""
    kept = kept_key(arrival.key)
    rejected = rejected_file(arrival, tenant, reason, f"s3://{arrival.bucket}/{kept}")
    objects.copy(arrival.bucket, arrival.key, kept, arrival.version)
    objects.put(
        arrival.bucket,
        kept + REASON_SUFFIX,
        json.dumps(asdict(rejected), ensure_ascii=False).encode(),
        "application/json",
    )
    return rejected


def rejected_file(arrival: InboxFile, tenant: str, reason: RejectedOrder, kept_at: str) -> RejectedFile:
    """The row of a file that is no order."""
    return RejectedFile(
        source=arrival.source,
        tenant=tenant,
        kept_at=kept_at,
        code=reason.code,
        reason=str(reason)[:500],
        size=arrival.size,
    )
