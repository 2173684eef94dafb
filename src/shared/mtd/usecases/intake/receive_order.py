"""From S3 events to order messages: read each file, parse it, and send it on as JSON, or keep it as rejected."""

import json
import logging
from collections.abc import Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Protocol

from mtd.domain.errors import NotFound, RejectedOrder
from mtd.domain.json_types import Json
from mtd.domain.orders import order, ubl, xml
from mtd.domain.tenants import PLATFORM_TENANT, tenant_of_key
from mtd.usecases.flow.trace import Hop, hop
from mtd.usecases.intake.rejected_files import REASON_SUFFIX, RejectedFile, kept_key
from mtd.usecases.ports import Objects, Queues, Tenants

LOG = logging.getLogger(__name__)

# SQS takes 256 KiB for a message and for a call. The rest is for attributes and for the call's own fields.
_LARGEST_MESSAGE_BYTES = 200_000
_READERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFile:
    """An object of the inbox that an S3 event names."""

    #: The queue message that must come again when the file fails.
    message_id: str
    bucket: str
    key: str
    #: In bytes.
    size: int
    hops: tuple[Hop, ...]
    #: The object's version of the event. Somebody may have overwritten the key since.
    version: str | None = None

    @property
    def source(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def tenant(self) -> str:
        """The tenant that its key names."""
        return tenant_of_key(self.key)


class Rejections(Protocol):
    """The rejected files in PostgreSQL, which lists show to people."""

    def record(self, files: Sequence[RejectedFile]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReceivedFile:
    """The result of one file: the message of its order, or its rejection. It must come again if it has neither."""

    message: str | None = None
    rejected: RejectedFile | None = None


_FAILED = _ReceivedFile()


def receive_order(
    arrivals: Sequence[InboxFile],
    objects: Objects,
    queues: Queues,
    rejections: Rejections,
    tenants: Tenants,
    here: Hop,
) -> list[str]:
    """Send every readable order to the queue `orders`; keep every other file under `rejected/` with its reason.

    Returns the ids of the messages that must come again, because S3 or this code failed on their file. Raises
    UnavailableError when the queue or PostgreSQL does not answer: the whole batch may safely come again.
    """
    if not arrivals:
        return []
    known = tenants.known({arrival.tenant for arrival in arrivals})
    with ThreadPoolExecutor(min(_READERS, len(arrivals))) as pool:
        results = list(pool.map(lambda arrival: _read(arrival, objects, known, here), arrivals))
    if messages := [result.message for result in results if result.message is not None]:
        queues.send("orders", messages)
    if rejected := [result.rejected for result in results if result.rejected is not None]:
        rejections.record(rejected)
    failed = {
        arrival.message_id for arrival, result in zip(arrivals, results, strict=True) if result == _ReceivedFile()
    }
    return sorted(failed)


def _read(arrival: InboxFile, objects: Objects, known: Container[str], here: Hop) -> _ReceivedFile:
    # The platform tenant sees files that name no known tenant.
    tenant = arrival.tenant if arrival.tenant in known else PLATFORM_TENANT
    try:
        try:
            if tenant != arrival.tenant:
                raise RejectedOrder(
                    f"there is no tenant {arrival.tenant!r}: put the file into the folder of a tenant that exists",
                    code="tenant_unknown",
                )
            return _ReceivedFile(message=_message(arrival, objects, here))
        except RejectedOrder as reason:
            return _ReceivedFile(rejected=_reject(arrival, tenant, reason, objects))
    except NotFound:
        # The file was deleted after the event. There is no file to keep, so a row alone reports it.
        vanished = RejectedOrder("the file was deleted before MTD could read it: put it again", code="vanished")
        return _ReceivedFile(rejected=_rejected(arrival, tenant, vanished, arrival.source))
    except Exception:
        # No content of a file may fail the other files of the batch.
        LOG.exception("file not read", extra={"source": arrival.source})
        return _FAILED


def _message(arrival: InboxFile, objects: Objects, here: Hop) -> str:
    if arrival.size > xml.MAXIMUM_BYTES:
        raise RejectedOrder(f"the file has {arrival.size} bytes; {xml.MAXIMUM_BYTES} at most", code="too_large")
    parsed = ubl.parse_order(objects.get(arrival.bucket, arrival.key, arrival.version))
    document = order.to_json(parsed)
    message: Json = {"source": arrival.source, "tenant": arrival.tenant}
    message |= {"number": parsed.number, "seller": parsed.seller.id}
    message |= {"order": document, "hops": [*arrival.hops, here]}
    body = _dump(message)
    if len(body.encode()) <= _LARGEST_MESSAGE_BYTES:
        return body
    key = f"large/{parsed.id_of(arrival.tenant)}.json"
    objects.put(arrival.bucket, key, _dump(document).encode(), "application/json")
    del message["order"]
    return _dump(message | {"reference": {"bucket": arrival.bucket, "key": key}})


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _reject(arrival: InboxFile, tenant: str, reason: RejectedOrder, objects: Objects) -> RejectedFile:
    kept = kept_key(arrival.key)
    rejected = _rejected(arrival, tenant, reason, f"s3://{arrival.bucket}/{kept}")
    objects.copy(arrival.bucket, arrival.key, kept, arrival.version)
    objects.put(arrival.bucket, kept + REASON_SUFFIX, _dump(asdict(rejected)).encode(), "application/json")
    return rejected


def _rejected(arrival: InboxFile, tenant: str, reason: RejectedOrder, kept_at: str) -> RejectedFile:
    return RejectedFile(
        source=arrival.source,
        tenant=tenant,
        kept_at=kept_at,
        code=reason.code,
        reason=str(reason)[:500],
        size=arrival.size,
    )


def arrival_hops(event_time: str, s3_request_id: str | None, sent_at: str, message_id: str) -> tuple[Hop, ...]:
    """The hops before the function: the object, then its event in the queue."""
    return (
        hop("S3", "object created", at=event_time, request_id=s3_request_id),
        hop("SQS", "inbox-events", at=sent_at, request_id=message_id),
    )
