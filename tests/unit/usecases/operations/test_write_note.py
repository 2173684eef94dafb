"""Notes about orders, without a database."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from mtd.domain.errors import Conflict, InvalidRequest, NotFound
from mtd.entrypoints.requests.notes import read_note
from mtd.queries.orders.orders import timeline
from mtd.usecases.operations.write_note import Note, write_note

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST, SECOND = uuid.UUID(int=1), uuid.UUID(int=2)
NOTE = Note(number="O-1", person="ana", text="the buyer called")


@dataclass(slots=True)
class FakeNotes:
    """The orders that are meant, and what was written."""

    found: list[tuple[uuid.UUID, str]]
    written: list[tuple[uuid.UUID, str, str]] = field(default_factory=list)

    def meant(self, note: Note) -> list[tuple[uuid.UUID, str]]:
        assert note == NOTE
        return self.found

    def write(self, order_id: uuid.UUID, person: str, text: str) -> tuple[int, datetime]:
        self.written.append((order_id, person, text))
        return len(self.written), AT


def test_a_note_is_kept_with_who_wrote_it() -> None:
    notes = FakeNotes([(FIRST, "S")])
    assert write_note(NOTE, notes) == {"note_id": 1, "order_id": str(FIRST), "at": AT.isoformat()}
    assert notes.written == [(FIRST, "ana", "the buyer called")]


@pytest.mark.parametrize(("found", "error"), [([], NotFound), ([(FIRST, "S"), (SECOND, "T")], Conflict)])
def test_it_must_be_clear_which_order_is_meant(found: list[tuple[uuid.UUID, str]], error: type[Exception]) -> None:
    notes = FakeNotes(found)
    with pytest.raises(error):
        write_note(NOTE, notes)
    assert notes.written == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"person": "ana"},
        {"person": "ana", "text": " \n "},
        {"person": "", "text": "x"},
        {"person": "ana", "text": "x" * 2001},
        {"person": "ana", "text": ["x"]},
        {"person": "ana", "text": "x", "order_id": "no-id"},
        {"person": "ana", "text": "x\0"},
    ],
)
def test_a_note_that_says_nothing_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        read_note("O-1", body)


def test_a_note_names_its_order_and_is_trimmed() -> None:
    read = read_note("O-1", {"person": "ana", "text": " yes ", "order_id": str(FIRST), "seller": None})
    assert read == Note(number="O-1", person="ana", text="yes", order_id=FIRST)


def test_the_timeline_tells_a_note_where_it_was_written() -> None:
    order = {
        "order_id": FIRST,
        "seller_name": "S",
        "outcome": None,
        "nodes": "dispatch",
        "reason": None,
        "folio": None,
        "conflicts_with": None,
        "archive_key": None,
        "archived_at": None,
    }
    event = {
        "order_id": FIRST,
        "at": AT,
        "who": "f",
        "source": "PostgreSQL",
        "what": "done",
        "from_state": "a",
        "to_state": "b",
        "ms": None,
        "request_id": None,
        "detail": {},
    }
    note = {"order_id": FIRST, "at": AT.replace(hour=11), "person": "ana", "text": "hold it"}

    def read(query: str, _: Any) -> list[dict[str, Any]]:
        if "from order_notes" in query:
            return [note]
        return [event] if "from events" in query else [order] if "from orders" in query else []

    events = timeline(read, "O-1", lambda *_: {})["events"]
    assert [(each["source"], each["what"]) for each in events] == [("Note", "ana: hold it"), ("PostgreSQL", "done")]
