"""Takes a person's data out of their orders in PostgreSQL, the inbox and the archive.

First MTD writes new objects. Then one commit changes the rows and lists the old objects. Then MTD deletes these with
all of their versions. After a crash the night's run deletes the listed objects.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID

from mtd.domain.audit.archive import ArchiveLine, detail_erased, unpack
from mtd.domain.audit.erasure import ERASED, erased_document, erased_file, eraser, person_of, values_of
from mtd.domain.errors import Conflict, InvalidRequest, NotFound, RejectedOrder
from mtd.domain.json_types import Json
from mtd.usecases.ports import Objects
from mtd.usecases.records.archive_objects import StoredObject, keep, manifest_key

AT_ONCE = 100
"""The orders of one call. The caller repeats it for a person with more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsOrder:
    """An order that names the person."""

    order_id: UUID
    number: str
    ended: bool
    document: Json
    #: The address of its file.
    source: str | None
    #: The key of its object, if the order is in the archive.
    archive_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedObject:
    """An object of the archive that MTD has written anew."""

    #: The key of the object before.
    old: str
    kept: StoredObject


@dataclass(slots=True, kw_only=True)
class Erasure:
    """The writes of one commit."""

    person: str
    reason: str
    orders: Sequence[PersonsOrder]
    #: Takes the person's data out of a JSON value.
    erase: Callable[[Any], Any]
    documents: dict[UUID, Json] = field(default_factory=dict)
    #: The new addresses of the orders' files.
    sources: dict[UUID, str] = field(default_factory=dict)
    moved: list[ReplacedObject] = field(default_factory=list)
    #: Bucket and key of each object that must be deleted.
    gone: list[tuple[str, str]] = field(default_factory=list)


class GoneObjects(Protocol):
    """The objects that erasures have listed in PostgreSQL to be deleted."""

    def gone(self) -> list[tuple[str, str]]:
        """The objects that are still to be deleted."""
        ...

    def deleted(self, gone: Sequence[tuple[str, str]]) -> None: ...


class Erasable(GoneObjects, Protocol):
    """The orders in PostgreSQL that name people."""

    def orders_of(self, kind: str, value: str, limit: int) -> list[PersonsOrder]:
        """At most `limit` orders whose buyer has that `rut` or `email`, orders on their way first."""
        ...

    def erase(self, erasure: Erasure) -> None:
        """Write the erasure in one transaction. Raises Conflict when the archive has changed since."""
        ...


class ErasableObjects(Objects, Protocol):
    """S3."""

    def delete(self, bucket: str, key: str) -> None:
        """Delete all versions of an object, if it exists."""
        ...


def preview_erasure(whom: str, store: Erasable) -> Json:
    """The people whom an erasure of `whom` would meet in its next 100 orders, and whether there are `more`.

    Raises InvalidRequest, and NotFound where no order names them.
    """
    _, found = _orders_of(whom, store)
    return {"people": _people(found[:AT_ONCE]), "more": len(found) > AT_ONCE}


def _orders_of(whom: str, store: Erasable) -> tuple[str, Sequence[PersonsOrder]]:
    try:
        kind, value = person_of(whom)
    except RejectedOrder as error:
        raise InvalidRequest(str(error), code=error.code) from None
    found = store.orders_of(kind, value, AT_ONCE + 1)
    if not found:
        raise NotFound("no order names this person", code="person_unknown")
    return value, found


def _people(orders: Sequence[PersonsOrder]) -> list[Json]:
    """The buyers of the orders, each with the numbers of their orders."""
    people: dict[tuple[str, str], list[str]] = {}
    for order in orders:
        buyer = order.document.get("buyer") or {}
        people.setdefault((buyer.get("rut") or buyer.get("id") or "", buyer.get("name") or ""), []).append(order.number)
    return [{"id": id_, "name": name, "orders": numbers} for (id_, name), numbers in people.items()]


def erase_person(
    whom: str,
    person: str,
    reason: str,
    store: Erasable,
    objects: ErasableObjects,
    bucket: str,
    *,
    everyone: bool = False,
) -> Json:
    """Erase the data of `whom`, a RUT or a mail address, from up to 100 orders; how many, and whether there are `more`.

    Raises InvalidRequest, NotFound where no order names them, and Conflict while an order is on its way, since it needs
    them, or where a mail address is that of several people, unless `everyone` of them is meant.
    """
    value, found = _orders_of(whom, store)
    if len({each["id"] for each in _people(found)}) > 1 and not everyone:
        names = ", ".join(f"{each['id']} ({len(each['orders'])} orders)" for each in _people(found))
        raise Conflict(f"{whom.strip()} is in orders of several people: {names[:500]}", code="several_people")
    if living := [order.number for order in found if not order.ended]:
        says = (
            f"{len(living)} orders of this person are on their way, or can be put back on it: end or cancel them first"
        )
        raise Conflict(f"{says}: {', '.join(living[:10])}", code="orders_on_their_way")
    orders = sorted(found[:AT_ONCE], key=lambda order: order.archive_key or "")
    lines = {
        key: unpack(objects.get(bucket, key)) for key in dict.fromkeys(o.archive_key for o in orders) if key is not None
    }
    whole = {UUID(line["order"]["order_id"]): line["order"]["document"] for each in lines.values() for line in each}
    values = frozenset[str]().union(
        *(values_of(whole.get(order.order_id, order.document)) for order in orders), {value}
    )
    erasure = Erasure(person=person, reason=reason, orders=orders, erase=eraser(values))
    for order in orders:
        erasure.documents[order.order_id] = erased_document(order.document)
        _erase_file(order, values, erasure, objects)
    for key, group in groupby(orders, key=lambda order: order.archive_key):
        if key is not None:
            _erase_archived(key, lines[key], {order.order_id for order in group}, erasure, objects, bucket)
    store.erase(erasure)
    delete_gone(store, objects)
    return {"orders": len(orders), "objects": len(erasure.gone), "more": len(found) > AT_ONCE}


def delete_gone(store: GoneObjects, objects: ErasableObjects) -> int:
    """Delete the objects that erasures have listed. Returns how many."""
    gone = store.gone()
    for bucket, key in gone:
        objects.delete(bucket, key)
    if gone:
        store.deleted(gone)
    return len(gone)


def _erase_file(order: PersonsOrder, values: frozenset[str], erasure: Erasure, objects: ErasableObjects) -> None:
    """Put a file without the person into the inbox, where S3 sends no event for it, and list the old one."""
    bucket, _, key = (order.source or "").removeprefix("s3://").partition("/")
    if not key or key.startswith(f"{ERASED}/"):
        return
    try:
        content = objects.get(bucket, key)
    except NotFound:
        return
    kept = f"{ERASED}/{order.order_id}.xml"
    objects.put(bucket, kept, erased_file(content, values), "application/xml")
    erasure.sources[order.order_id] = f"s3://{bucket}/{kept}"
    erasure.gone += [(bucket, key), (bucket, f"large/{order.order_id}.json")]


def _erase_archived(
    key: str, lines: list[ArchiveLine], whose: set[UUID], erasure: Erasure, objects: ErasableObjects, bucket: str
) -> None:
    written = [
        json.dumps(
            _erased_line(line, erasure.erase) if UUID(line["order"]["order_id"]) in whose else line, ensure_ascii=False
        )
        for line in lines
    ]
    ended_at = datetime.fromisoformat(lines[0]["order"]["ended_at"])
    ids = [line["order"]["order_id"] for line in lines]
    events = sum(len(line["events"]) for line in lines)
    erasure.moved.append(ReplacedObject(old=key, kept=keep(written, ended_at, ids, events, objects, bucket)))
    erasure.gone += [(bucket, key), (bucket, manifest_key(key))]


def _erased_line(line: ArchiveLine, erase: Callable[[Any], Any]) -> ArchiveLine:
    events = [detail_erased(event, erase) for event in line["events"]]
    order = {**erase(line["order"]), "document": erase(erased_document(line["order"]["document"]))}
    order |= {"buyer_id": ERASED, "buyer_name": ERASED}
    others = {name: rows for name, rows in line.items() if name != "events"}
    return {**erase(others), "order": order, "events": events}
