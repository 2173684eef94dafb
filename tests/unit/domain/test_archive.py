"""The archive and the erasing of people's data, on fakes: what goes, what stays, and what a crash may leave."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.support.orders import OrderFile
from tests.unit.domain.test_audit import FakeRecords, chained, head
from tests.unit.support.fakes import FakeObjects

from mtd.domain.audit.archive import checksum, events_of, pack, unpack
from mtd.domain.audit.chain import AuditEvent, ChainHead, check_chain
from mtd.domain.audit.erasure import erased_document, erased_file, eraser, person_of, values_of
from mtd.domain.errors import Conflict, InvalidRequest, NotFound, RejectedOrder, UnavailableError
from mtd.domain.json_types import Json
from mtd.domain.orders import order, ubl
from mtd.usecases.records.archive_orders import ArchiveCounts, EndedOrder, archive_orders, asked_months
from mtd.usecases.records.erase_person import AT_ONCE, Erasure, PersonsOrder, delete_gone, erase_person, preview_erasure
from mtd.usecases.records.verify_archive import ArchivedOrder, ArchiveRow
from mtd.usecases.records.verify_audit import verify_page

ENDED = datetime(2025, 1, 31, 12, tzinfo=UTC)
AS_THEY_ARE = ("event_id", "position", "who", "source", "what", "from_state", "to_state", "ms", "request_id", "detail")
RUT, MAIL = "12345678-5", "ana.perez@example.cl"


def end_of(events: Sequence[AuditEvent]) -> ChainHead:
    end = head(events)
    assert end is not None
    return end


def line_of(order_id: UUID, events: Sequence[AuditEvent], **order_row: Any) -> str:
    """An order's line, as PostgreSQL would write it."""
    rows = [
        {
            **{name: getattr(event, name) for name in AS_THEY_ARE},
            "at": event.at.isoformat(),
            "salt": str(event.salt) if event.salt else None,
            "detail_digest": event.detail_digest.hex() if event.detail_digest else None,
            "hash": event.hash.hex() if event.hash else None,
        }
        for event in events
    ]
    row = {"order_id": str(order_id), "number": "N", "ended_at": ENDED.isoformat(), **order_row}
    return json.dumps({"order": row, "events": rows, "tasks": [], "mails": [], "incidents": [], "warnings": []})


class KeptRecords(FakeRecords):
    """PostgreSQL's rows of an archive with an object for each key, each with one order of three events."""

    def __init__(self, objects: FakeObjects, keys: str) -> None:
        super().__init__(1)
        self.kept: list[ArchiveRow] = []
        self.archived: list[ArchivedOrder] = []
        self.left: dict[int, bytes] = {}
        for key in keys:
            order_id = uuid4()
            events = chained(3, order_id, first=1_000 * ord(key))
            content = pack([line_of(order_id, events)])
            objects.put("archive", key, content, "application/gzip")
            self.kept.append(ArchiveRow(key=key, sha256=checksum(content)))
            self.archived.append(ArchivedOrder(order_id=order_id, number=f"N-{key}", head=end_of(events)))
            self.left |= {event.event_id: event.hash or b"" for event in events}

    def archives(self, after: str, limit: int) -> list[ArchiveRow]:
        return [row for row in self.kept if row.key > after][:limit]

    def archived_orders(self, key: str) -> list[ArchivedOrder]:
        return [each for each in self.archived if each.number == f"N-{key}"]

    def archived_hashes(self, event_ids: Sequence[int]) -> Mapping[int, bytes]:
        return {event_id: self.left[event_id] for event_id in event_ids if event_id in self.left}


def test_the_archive_is_what_was_taken_out_of_postgresql() -> None:
    objects = FakeObjects()
    records = KeptRecords(objects, "abcdef")
    page = verify_page(records, "archive ", objects, "archive")
    assert (page["events"], page["objects"], page["broken"]) == (18, 6, [])

    [changed] = unpack(objects.content["a"])
    changed["events"][1]["what"] = "paid"
    objects.content["a"] = pack([json.dumps(changed)])
    del objects.content["b"]
    objects.content["c"] = b"no gzip"
    objects.content["d"] = pack([line_of(uuid4(), [])])
    del records.left[1_000 * ord("f") + 2]

    broken = verify_page(records, "archive ", objects, "archive")["broken"]
    assert [(each["kind"], each["number"], each["says"]) for each in broken] == [
        ("archive", None, "the object a differs from the one that was written"),
        ("changed", "N-a", "the event's content does not match its hash"),
        ("archive", None, "the object b is gone"),
        ("archive", None, "the object c cannot be read"),
        ("archive", None, "the object d differs from the one that was written"),
        ("archive", "N-d", "the order is not in its object"),
        ("archive", "N-f", "the hash that PostgreSQL keeps of the archived event differs"),
    ]


def test_the_archives_pages_go_on() -> None:
    objects = FakeObjects()
    records = KeptRecords(objects, "abcdefghijklmnopqrstu")
    first = verify_page(records, "archive ", objects, "archive")
    second = verify_page(records, first["next"], objects, "archive")

    assert (first["objects"], second["objects"], second["next"]) == (20, 1, None)


@dataclass
class FakeArchivable:
    orders: list[EndedOrder]
    changed: bool = False
    forgotten: list[ArchiveCounts] = field(default_factory=list)

    def ended(self, before: datetime, after: tuple[datetime, UUID], limit: int) -> list[EndedOrder]:
        found = [each for each in self.orders if each.ended_at < before and (each.ended_at, each.order_id) > after]
        return sorted(found, key=lambda each: (each.ended_at, each.order_id))[:limit]

    def forget(self, archived: ArchiveCounts) -> bool:
        if self.changed:
            return False
        self.forgotten.append(archived)
        return True


def ended(days: int = 0) -> EndedOrder:
    order_id = uuid4()
    events = chained(2, order_id)
    at = ENDED + timedelta(days=days)
    return EndedOrder(
        order_id=order_id, ended_at=at, updated_at=at, head=end_of(events), line=line_of(order_id, events)
    )


def test_orders_that_ended_long_ago_go_a_hundred_to_an_object() -> None:
    store, objects = FakeArchivable([ended(n % 5) for n in range(230)] + [ended(40)]), FakeObjects()

    result = archive_orders(store, objects, "archive", ENDED + timedelta(days=30), lambda: False)

    assert result == {"orders": 230, "events": 460, "objects": 3, "left": 0}
    assert [len(each.orders) for each in store.forgotten] == [100, 100, 30]
    for each in store.forgotten:
        content = objects.content[each.kept.key]
        assert each.kept.key == f"orders/2025/0{each.orders[0].ended_at.month}/{checksum(content)}.jsonl.gz"
        assert [line["order"]["order_id"] for line in unpack(content)] == [str(one.order_id) for one in each.orders]
        assert (
            json.loads(objects.content[f"{each.kept.key}.manifest.json"])["sha256"]
            == each.kept.sha256
            == checksum(content)
        )
        assert all(
            check_chain(one.order_id, events_of(line), one.head) is None
            for one, line in zip(each.orders, unpack(content), strict=True)
        )


def test_a_broken_chain_is_evidence_and_stays() -> None:
    whole, broken = ended(), ended()
    broken = EndedOrder(
        order_id=broken.order_id,
        ended_at=ENDED,
        updated_at=ENDED,
        head=broken.head,
        line=broken.line.replace('"what": "done"', '"what": "paid"'),
    )
    store = FakeArchivable([whole, broken])

    result = archive_orders(store, FakeObjects(), "archive", ENDED + timedelta(days=1), lambda: False)

    assert (result["orders"], result["left"]) == (1, 1)
    assert [each.order_id for each in store.forgotten[0].orders] == [whole.order_id]


class Forgetful(FakeObjects):
    """Gives what was written since it was made without its last byte."""

    def __init__(self, whole: Mapping[str, bytes] = {}) -> None:
        super().__init__(content=dict(whole))
        self.whole = frozenset(whole)

    def get(self, bucket: str, key: str, version: str | None = None) -> bytes:
        content = super().get(bucket, key, version)
        return content if key in self.whole else content[:-1]

    def delete(self, bucket: str, key: str) -> None:
        raise AssertionError(f"{bucket}/{key} is still needed")


def test_nothing_is_forgotten_that_has_changed_or_was_not_written() -> None:
    changed = FakeArchivable([ended()], changed=True)
    assert archive_orders(changed, FakeObjects(), "archive", ENDED + timedelta(days=1), lambda: False)["left"] == 1
    lost = FakeArchivable([ended()])
    with pytest.raises(UnavailableError):
        archive_orders(lost, Forgetful(), "archive", ENDED + timedelta(days=1), lambda: False)
    assert lost.forgotten == []
    stopped = archive_orders(FakeArchivable([ended()]), FakeObjects(), "a", ENDED + timedelta(days=1), lambda: True)
    assert stopped["objects"] == 0


@pytest.mark.parametrize("months", [None, -1, 1.5, "18", True, 10_000])
def test_malformed_months_are_refused(months: object) -> None:
    with pytest.raises(InvalidRequest):
        asked_months({"archive_months": months})


def test_who_is_meant() -> None:
    assert person_of(" 12.345.678-5 ") == ("rut", RUT)
    assert person_of("Ana.Perez@Example.CL") == ("email", MAIL)
    for nobody in ("", "Ana", "12345678-4", "a b@c", "x@" + "y" * 400):
        with pytest.raises(RejectedOrder):
            person_of(nobody)


@pytest.mark.parametrize(
    ("digits", "says"),
    [("13656649", "write 1365664-9 or 13656649-0"), ("12345678", "write 12345678-5"), ("123456785", "12345678-5 or")],
)
def test_digits_without_a_dash_may_be_two_people_and_are_refused(digits: str, says: str) -> None:
    with pytest.raises(RejectedOrder, match=says) as refused:
        person_of(digits)
    assert refused.value.code == "rut_ambiguous"


def document(number: str = "N-1") -> Json:
    result: Json = order.to_json(ubl.parse_order(OrderFile(number=number).xml().encode()))
    result["buyer"] |= {"id": RUT, "rut": RUT, "name": "Ana Pérez", "email": MAIL, "city": "Ñuñoa", "country": "CL"}
    return result


def test_of_the_buyer_only_the_country_is_left() -> None:
    before = {**document(), "gift_card": "GC-123456"}
    after = erased_document(before)

    assert after["buyer"] == {"id": "erased", "name": "erased", "country": "CL"}
    assert "gift_card" not in after
    assert (after["lines"], after["totals"], after["seller"]) == (before["lines"], before["totals"], before["seller"])
    assert order.from_json(after).buyer.name == "erased"
    assert erased_document(after) == after
    assert values_of(after) == frozenset()


def test_a_persons_values_go_out_of_all_texts() -> None:
    erase = eraser(values_of(document()))

    said = {"a": ["to ANA PÉREZ <ana.perez@example.cl>", {"ANA PÉREZ": "12.345.678-5"}], "n": 12345678, "x": None}
    assert erase(said) == {"a": ["to erased <erased>", {"erased": "erased"}], "n": 12345678, "x": None}
    assert erase("the banana of Perez") == "the banana of Perez"
    assert eraser([])({"a": "b"}) == {"a": "b"}


def test_the_file_is_still_an_order_and_names_nobody() -> None:
    file = OrderFile(number="N-1")
    parsed = ubl.parse_order(file.xml().encode())
    values = values_of(order.to_json(parsed))

    left = erased_file(file.xml().encode(), values)

    assert not [value for value in values if value in left.decode()]
    assert b"N-1" in left
    assert parsed.lines[0].sku.encode() in left
    assert erased_file(b"<a", values) == b"<erased/>"


@dataclass
class FakeErasable:
    orders: list[PersonsOrder]
    erasures: list[Erasure] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    breaks: bool = False

    def orders_of(self, kind: str, value: str, limit: int) -> list[PersonsOrder]:
        field_ = "rut" if kind == "rut" else "email"
        return [each for each in self.orders if each.document["buyer"].get(field_) == value][:limit]

    def erase(self, erasure: Erasure) -> None:
        if self.breaks:
            raise Conflict("changed")
        self.erasures.append(erasure)
        self.left += erasure.gone

    def gone(self) -> list[tuple[str, str]]:
        return list(self.left)

    def deleted(self, gone: Sequence[tuple[str, str]]) -> None:
        self.left = [each for each in self.left if each not in gone]


class DeletingObjects(FakeObjects):
    def delete(self, bucket: str, key: str) -> None:
        assert bucket
        self.content.pop(key, None)


def persons_order(number: str = "N-1", **knobs: Any) -> PersonsOrder:
    result = {"ended": True, "source": f"s3://inbox/orders/{number}.xml", "archive_key": None, **knobs}
    return PersonsOrder(order_id=uuid4(), number=number, document=document(number=number), **result)


def test_a_person_is_erased_from_inbox_and_archive_and_the_chain_stays() -> None:
    objects = DeletingObjects()
    here, away = persons_order(), persons_order("N-2", archive_key="orders/2025/01/old.jsonl.gz", source=None)
    objects.content["orders/N-1.xml"] = OrderFile(number="N-1").xml().encode()
    detail = json.dumps({"to": MAIL, "folio": 1})
    events = chained(3, away.order_id, detail=detail)
    other = uuid4()
    objects.content["orders/2025/01/old.jsonl.gz"] = pack(
        [
            line_of(away.order_id, events, document=away.document, buyer_name="Ana Pérez", buyer_id=RUT),
            line_of(other, chained(1, other), document={"buyer": {"name": "Somebody Else"}}),
        ]
    )
    store = FakeErasable([here, away])

    result = erase_person(MAIL, "me", "request 7", store, objects, "archive")

    assert (result["orders"], result["more"], store.left) == (2, False, [])
    [erasure] = store.erasures
    assert {key for key in objects.content if key.startswith(("orders/N", "orders/2025/01/old"))} == set()
    [moved] = erasure.moved
    lines = unpack(objects.content[moved.kept.key])
    assert lines[1]["order"]["document"] == {"buyer": {"name": "Somebody Else"}}
    assert not [word for word in (MAIL, RUT, "Ana") if word in json.dumps(lines, ensure_ascii=False)]
    assert check_chain(away.order_id, events_of(lines[0]), end_of(events)) is None
    assert (moved.kept.sha256, moved.old) == (checksum(objects.content[moved.kept.key]), "orders/2025/01/old.jsonl.gz")
    assert objects.content[erasure.sources[here.order_id].removeprefix("s3://inbox/")]
    assert erasure.erase({"said": f"mail to {MAIL}"}) == {"said": "mail to erased"}


def test_an_archived_order_whose_new_object_is_not_what_was_written_is_not_erased() -> None:
    away = persons_order(archive_key="old.jsonl.gz", source=None)
    line = line_of(away.order_id, chained(1, away.order_id), document=away.document)
    store = FakeErasable([away])

    with pytest.raises(UnavailableError):
        erase_person(MAIL, "me", "why", store, Forgetful({"old.jsonl.gz": pack([line])}), "archive")
    assert store.erasures == []


def test_who_is_unknown_or_waits_for_an_order_is_not_erased() -> None:
    store = FakeErasable([persons_order("N-1"), persons_order("N-2", ended=False)])

    with pytest.raises(Conflict, match=r"1 orders of this person are on their way.* N-2"):
        erase_person(RUT, "me", "why", store, DeletingObjects(), "archive")
    with pytest.raises(NotFound):
        erase_person("nobody@example.cl", "me", "why", store, DeletingObjects(), "archive")
    with pytest.raises(InvalidRequest):
        erase_person("Ana", "me", "why", store, DeletingObjects(), "archive")
    assert store.erasures == []


def test_a_mail_address_of_several_people_is_erased_only_where_all_are_meant() -> None:
    other = persons_order("N-2", source=None)
    other.document["buyer"] |= {"id": "9876543-3", "rut": "9876543-3", "name": "Berta"}
    store = FakeErasable([persons_order("N-1", source=None), other])

    preview = preview_erasure(MAIL, store)
    assert [(each["id"], each["orders"]) for each in preview["people"]] == [(RUT, ["N-1"]), ("9876543-3", ["N-2"])]
    with pytest.raises(Conflict, match="several people"):
        erase_person(MAIL, "me", "why", store, DeletingObjects(), "archive")
    assert store.erasures == []
    assert erase_person(MAIL, "me", "why", store, DeletingObjects(), "archive", everyone=True)["orders"] == 2


def test_a_person_with_many_orders_is_erased_in_parts() -> None:
    store = FakeErasable([persons_order(f"N-{n}", source=None) for n in range(AT_ONCE + 1)])

    result = erase_person(RUT, "me", "why", store, DeletingObjects(), "archive")

    assert (result["orders"], result["more"]) == (AT_ONCE, True)


def test_what_cannot_be_committed_loses_no_object_and_what_a_crash_left_goes_later() -> None:
    objects = DeletingObjects()
    objects.content["orders/N-1.xml"] = OrderFile(number="N-1").xml().encode()
    store = FakeErasable([persons_order()], breaks=True)
    with pytest.raises(Conflict):
        erase_person(RUT, "me", "why", store, objects, "archive")
    assert "orders/N-1.xml" in objects.content

    store.left = [("inbox", "orders/N-1.xml")]
    assert delete_gone(store, objects) == 1
    assert (delete_gone(store, objects), "orders/N-1.xml" in objects.content) == (0, False)
