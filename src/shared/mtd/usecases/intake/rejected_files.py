"""Rejected files: their rows, and where the inbox keeps each with its reason beside it."""

import hashlib
from dataclasses import dataclass

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
