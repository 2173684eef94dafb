"""From S3 events to order messages: read each file, parse it, and send it on as JSON, or keep it as rejected."""

import json
import logging
from collections.abc import Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from mtd.domain.errors import NotFound, RejectedOrder
from mtd.domain.json_types import Json
from mtd.domain.orders import order, ubl, xml
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.usecases.flow.trace import Hop
from mtd.usecases.intake.inbox_file import InboxFile
from mtd.usecases.intake.rejected_files import RejectedFile, reject, rejected_file
from mtd.usecases.ports import Objects, Queues, Tenants

LOG = logging.getLogger(__name__)

# SQS takes 256 KiB for a message and for a call. The rest is for attributes and for the call's own fields.
_LARGEST_MESSAGE_BYTES = 200_000
_READERS = 8


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
            return _ReceivedFile(rejected=reject(arrival, tenant, reason, objects))
    except NotFound:
        # The file was deleted after the event. There is no file to keep, so a row alone reports it.
        vanished = RejectedOrder("the file was deleted before MTD could read it: put it again", code="vanished")
        return _ReceivedFile(rejected=rejected_file(arrival, tenant, vanished, arrival.source))
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
