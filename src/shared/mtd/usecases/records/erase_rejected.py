"""Takes a person out of the inbox's rejected files: the files go, with all of their versions, and their rows stay.

A rejected file is no order, so nothing says whom it names. MTD looks through the files themselves, page by page.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from mtd.domain.audit.erasure import eraser, identifiers_of, names_person, person_of
from mtd.domain.errors import InvalidRequest, NotFound, RejectedOrder
from mtd.domain.json_types import Json
from mtd.usecases.intake.rejected_files import REASON_SUFFIX
from mtd.usecases.ports import Objects
from mtd.usecases.records.erase_person import ErasableObjects, GoneObjects, delete_gone

FILES_AT_ONCE = 500
"""The rejected files of one call: at eight reads at a time some seconds."""
_READERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A rejected file. `source` and `kept_at` are addresses, `s3://bucket/key`."""

    rejection_id: int
    source: str
    kept_at: str
    reason: str
    #: Whether the file of an order has the same address by now. It stays.
    overwritten: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedErasure:
    """The writes of one commit."""

    person: str
    reason: str
    #: The new reason of each row.
    reasons: dict[int, str]
    #: Bucket and key of each object that must be deleted.
    gone: list[tuple[str, str]]


class ErasableRejections(GoneObjects, Protocol):
    """The rows of rejected files in PostgreSQL."""

    def rejected_after(self, after: int, limit: int) -> list[KeptFile]:
        """Rejected files whose content is still kept, in the sequence of their ids, from the one after `after`."""
        ...

    def erase_rejected(self, erasure: RejectedErasure) -> None: ...


def erase_rejected(
    whom: str,
    person: str,
    reason: str,
    after: int,
    store: ErasableRejections,
    objects: ErasableObjects,
    *,
    preview: bool = False,
) -> Json:
    """Erase the rejected files that name `whom`, a RUT or a mail address, among the next FILES_AT_ONCE ones.

    Returns how many `files` name them, how many `objects` went, and the `next` id to go on after; None at the end.
    A preview erases nothing. Raises InvalidRequest.
    """
    try:
        kind, value = person_of(whom)
    except RejectedOrder as error:
        raise InvalidRequest(str(error), code=error.code) from None
    page = store.rejected_after(after, FILES_AT_ONCE + 1)
    looked = page[:FILES_AT_ONCE]
    following = looked[-1].rejection_id if len(page) > FILES_AT_ONCE else None
    identifiers = identifiers_of(kind, value)
    with ThreadPoolExecutor(_READERS) as pool:
        contents = pool.map(lambda file: _content(file, objects), looked)
        found = [file for file, content in zip(looked, contents, strict=True) if names_person(content, identifiers)]
    if preview or not found:
        return {"files": len(found), "objects": 0, "next": following}
    erase = eraser(identifiers)
    gone = _objects_of(found)
    reasons = {file.rejection_id: str(erase(file.reason)) for file in found}
    store.erase_rejected(RejectedErasure(person=person, reason=reason, reasons=reasons, gone=gone))
    delete_gone(store, objects)
    return {"files": len(found), "objects": len(gone), "next": following}


def _content(file: KeptFile, objects: Objects) -> str:
    """The file as text; nothing for one whose object has expired."""
    try:
        content = objects.get(*_address(file.kept_at))
    except NotFound:
        return ""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8", errors="replace")


def _objects_of(files: Sequence[KeptFile]) -> list[tuple[str, str]]:
    """The kept copy, its reason, and the file as it came."""
    gone = []
    for file in files:
        bucket, kept = _address(file.kept_at)
        gone += [(bucket, kept), (bucket, kept + REASON_SUFFIX)]
        if not file.overwritten:
            gone.append(_address(file.source))
    return gone


def _address(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key
