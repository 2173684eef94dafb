"""Where the inbox keeps a rejected file, and its reason beside it."""

import hashlib

REJECTED_PREFIX = "rejected/"
REASON_SUFFIX = ".reason.json"
# S3 takes 1,024 bytes.
_LONGEST_KEY_BYTES = 1_024


def kept_key(key: str) -> str:
    """The key of a rejected file. A key that is too long with prefix and suffix ends in its hash instead."""
    kept = REJECTED_PREFIX + key
    if len(kept.encode()) + len(REASON_SUFFIX) <= _LONGEST_KEY_BYTES:
        return kept
    digest = hashlib.sha256(key.encode()).hexdigest()
    return kept.encode()[:900].decode(errors="ignore") + "-" + digest
