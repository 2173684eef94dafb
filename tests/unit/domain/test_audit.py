"""The audit chain without a database: what a hash is made of, and which row is named when somebody changed one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.support.fakes import FakeObjects

from mtd.domain.audit.chain import (
    AuditEvent,
    BreakKind,
    ChainBreak,
    ChainHead,
    DaySeal,
    check_chain,
    check_seal,
    detail_digest,
    event_hash,
    seal_day,
)
from mtd.domain.errors import InvalidRequest, NotFound
from mtd.usecases.records.seal_days import seal_days
from mtd.usecases.records.verify_archive import ArchivedOrder, ArchiveRow
from mtd.usecases.records.verify_audit import Chain, verify_day, verify_order, verify_page

ORDER = UUID(int=7)
DAY = date(2026, 9, 18)


def chained(length: int, order_id: UUID = ORDER, *, first: int = 100, detail: str = '{"folio": 1}') -> list[AuditEvent]:
    """An order's events as the trigger writes them; `first` is the number before that of the first."""
    events: list[AuditEvent] = []
    for place in range(1, length + 1):
        event = AuditEvent(
            event_id=first + place,
            order_id=order_id,
            position=place,
            at=datetime(2026, 9, 18, 12, place, tzinfo=UTC),
            who="issue_dte",
            source="PostgreSQL",
            what="done",
            from_state="emission_dte",
            to_state="dispatch",
            ms="1.50",
            request_id=None,
            detail=detail,
            salt=uuid4(),
            detail_digest=None,
            hash=None,
        )
        before = events[-1].hash or b"" if events else b""
        events.append(replace(event, hash=event_hash(before, place, event)))
    return events


def head(events: Sequence[AuditEvent]) -> ChainHead | None:
    return ChainHead(length=len(events), hash=events[-1].hash or b"") if events else None


def found(events: Sequence[AuditEvent], end: ChainHead | None) -> tuple[BreakKind, int | None]:
    broken = check_chain(ORDER, events, end)
    assert broken is not None
    return broken.kind, broken.event_id


CHANGES: dict[str, Any] = {
    "at": datetime(2026, 9, 18, 12, 59, 59, 1, tzinfo=UTC),
    "who": "nobody",
    "source": "x",
    "what": "failed",
    "from_state": None,
    "to_state": "completed",
    "ms": "1.5",
    "request_id": "r",
    "detail": "{}",
    "salt": UUID(int=1),
    "hash": b"0" * 32,
}


@given(st.integers(1, 12), st.data())
def test_whatever_is_changed_is_named(length: int, data: st.DataObject) -> None:
    events = chained(length)
    at = data.draw(st.integers(0, length - 1))
    name = data.draw(st.sampled_from(sorted(CHANGES)))
    changed = [*events]
    changed[at] = replace(events[at], **{name: CHANGES[name]})

    assert check_chain(ORDER, events, head(events)) is None
    assert found(changed, head(events)) == (BreakKind.CHANGED, events[at].event_id)


@given(st.integers(1, 12), st.data())
def test_whatever_is_removed_is_missed(length: int, data: st.DataObject) -> None:
    events = chained(length)
    at = data.draw(st.integers(0, length - 1))
    most = data.draw(st.integers(1, length - at))
    rest = events[:at] + events[at + most :]

    broken = check_chain(ORDER, rest, head(events))

    assert broken is not None
    assert broken.kind is BreakKind.REMOVED
    assert str(at + 1) in broken.says


@given(st.integers(1, 12), st.data())
def test_whatever_is_inserted_is_named(length: int, data: st.DataObject) -> None:
    events = chained(length)
    place = data.draw(st.integers(1, length))
    stranger = replace(events[0], event_id=data.draw(st.sampled_from([1, 999])), position=place, what="paid")
    own = replace(stranger, hash=event_hash(events[place - 2].hash or b"" if place > 1 else b"", place, stranger))

    assert found([*events, stranger], head(events)) == (BreakKind.INSERTED, stranger.event_id)
    assert found([*events, replace(stranger, position=None)], head(events)) == (BreakKind.INSERTED, stranger.event_id)
    # Somebody who knows how hashes are made cannot put theirs between two others, either.
    assert check_chain(ORDER, [*events, own], head(events)) is not None


def test_an_event_appended_past_the_trigger_is_not_the_chains_end() -> None:
    events = chained(3)
    stranger = replace(events[2], event_id=999, position=4)
    stranger = replace(stranger, hash=event_hash(events[2].hash or b"", 4, stranger))

    assert found([*events, stranger], head(events)) == (BreakKind.INSERTED, 999)


def test_events_without_a_chain_and_a_chain_without_events() -> None:
    events = chained(2)

    assert found(events, None)[0] is BreakKind.REMOVED
    assert found([], head(events))[0] is BreakKind.REMOVED
    assert check_chain(ORDER, [], None) is None


def test_what_is_in_the_archive_is_where_the_rest_begins() -> None:
    events = chained(5)
    base = head(events[:3])
    assert base is not None

    assert check_chain(ORDER, events[3:], head(events), base) is None
    assert check_chain(ORDER, [], base, base) is None
    assert check_chain(ORDER, events[2:], head(events), base) is not None
    assert check_chain(ORDER, events[4:], head(events), base) is not None
    assert check_chain(ORDER, events[3:], head(events), ChainHead(length=3, hash=b"x")) is not None


def test_an_erased_detail_leaves_the_chain_as_it_was() -> None:
    events = chained(3)
    erased = replace(events[1], detail='{"erased": true}', salt=None, detail_digest=detail_digest(events[1]))

    assert check_chain(ORDER, [events[0], erased, events[2]], head(events)) is None
    assert found([events[0], replace(erased, detail_digest=b"0" * 32), events[2]], head(events))[0] is BreakKind.CHANGED


def test_the_fields_of_an_event_do_not_run_into_each_other() -> None:
    one, two = (replace(chained(1)[0], who=who, source=source) for who, source in (("ab", "c"), ("a", "bc")))

    assert event_hash(b"", 1, one) != event_hash(b"", 1, two)


def test_a_seal_holds_its_events_in_their_order_and_the_day_before() -> None:
    first = seal_day(None, DAY, [b"a" * 32, b"b" * 32])
    second = seal_day(first, DAY + timedelta(days=1), [])

    assert (first.events, second.events) == (2, 0)
    assert check_seal(None, first, [b"a" * 32, b"b" * 32]) is None
    assert check_seal(first, second, []) is None
    assert _says(check_seal(None, first, [b"b" * 32, b"a" * 32])) == "the sealed ones"
    assert _says(check_seal(None, first, [b"a" * 32])) == "has 1 now"
    assert _says(check_seal(first, second, [b"c" * 32])) == "has 1 now"
    assert _says(check_seal(replace(first, hash=b"x"), second, [])) == "the sealed ones"
    assert _says(check_seal(None, second, [])) == "the sealed ones"
    assert _says(check_seal(first, replace(second, day=DAY + timedelta(days=3)), [])) == "are gone"


def _says(broken: ChainBreak | None) -> str:
    assert broken is not None
    words = 2 if broken.says.endswith("are gone") else 3
    return " ".join(broken.says.split()[-words:])


@dataclass
class FakeDays:
    days: dict[date, list[bytes]]
    kept: list[DaySeal] = field(default_factory=list)

    def first_day(self) -> date | None:
        return min(self.days, default=None)

    def last_seal(self) -> DaySeal | None:
        return self.kept[-1] if self.kept else None

    def hashes(self, day: date) -> Iterable[bytes]:
        return self.days.get(day, [])

    def keep(self, seal: DaySeal) -> None:
        self.kept.append(seal)


def test_days_are_sealed_once_they_are_over_empty_ones_too() -> None:
    days = FakeDays({DAY: [b"a"], DAY + timedelta(days=2): [b"b"], DAY + timedelta(days=3): [b"c"]})

    just_after_midnight = datetime(2026, 9, 21, 0, 59, tzinfo=UTC)
    assert [seal.day.day for seal in seal_days(days, just_after_midnight)] == [18, 19]
    assert [seal.day.day for seal in seal_days(days, just_after_midnight + timedelta(minutes=1))] == [20]
    assert seal_days(days, just_after_midnight + timedelta(hours=2)) == []
    assert [seal.events for seal in days.kept] == [1, 0, 1]
    assert seal_days(FakeDays({}), just_after_midnight) == []


class FakeRecords:
    """So many orders with one event each, and a seal a day."""

    def __init__(self, orders: int, days: int = 0) -> None:
        ids = [UUID(int=n + 1) for n in range(orders)]
        events = {each: chained(1, each) for each in ids}
        self._chains = [
            Chain(order_id=each, number=f"N{each.int}", events=events[each], head=head(events[each])) for each in ids
        ]
        self._days: dict[date, list[bytes]] = {DAY + timedelta(days=n): [b"x" * 32] for n in range(days)}
        before: DaySeal | None = None
        self._seals = []
        for day, hashes in self._days.items():
            before = seal_day(before, day, hashes)
            self._seals.append(before)

    def lose(self, order: int, day: date) -> None:
        self._chains[order] = replace(self._chains[order], events=[])
        self._days[day] = []

    def chains(self, after: UUID, limit: int) -> list[Chain]:
        return [chain for chain in self._chains if chain.order_id > after][:limit]

    def chains_of_day(self, _day: date, after: UUID, limit: int) -> list[Chain]:
        return self.chains(after, limit)

    def chains_of_number(self, number: str) -> list[Chain]:
        return [chain for chain in self._chains if chain.number == number]

    def seals(self, day: date, limit: int) -> list[DaySeal]:
        before = [seal for seal in self._seals if seal.day < day][-1:]
        return before + [seal for seal in self._seals if seal.day >= day][:limit]

    def hashes(self, day: date) -> Iterable[bytes]:
        return self._days[day]

    def archives(self, after: str, limit: int) -> list[ArchiveRow]:
        assert (after, limit) == ("", 20)
        return []

    def archived_orders(self, key: str) -> list[ArchivedOrder]:
        raise AssertionError(key)

    def archived_hashes(self, event_ids: Sequence[int]) -> Mapping[int, bytes]:
        raise AssertionError(event_ids)


def test_all_pages_together_look_at_everything_once() -> None:
    records = FakeRecords(1_001, days=70)
    records.lose(700, DAY + timedelta(days=40))
    pages: list[dict[str, Any]] = []
    after: str | None = None
    while not pages or after is not None:
        pages.append(verify_page(records, after, FakeObjects(), "archive"))
        after = pages[-1]["next"]

    assert sum(page["orders"] for page in pages) == 1_001
    assert sum(page["days"] for page in pages) == 70
    broken = [each for page in pages for each in page["broken"]]
    assert [(each["kind"], each["number"], each["day"]) for each in broken] == [
        ("removed", "N701", None),
        ("seal", None, "2026-10-28"),
    ]
    assert [each["kind"] for each in verify_day(records, DAY + timedelta(days=40))] == ["seal", "removed"]


def test_one_number_and_what_is_none() -> None:
    records = FakeRecords(3)

    assert (verify_order(records, "N2")["orders"], verify_order(records, "N2")["broken"]) == (1, [])
    with pytest.raises(NotFound):
        verify_order(records, "N9")
    for after in ("orders", "orders x", "days 2026-13-01", "moons 1", " "):
        with pytest.raises(InvalidRequest):
            verify_page(records, after, FakeObjects(), "archive")
