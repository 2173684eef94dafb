"""Cutting a function's output into events."""

import pytest
from mtd_localstack.executor.log_events import MAX_EVENT_BYTES, LogAssembler


def frame(message: str, *, at_us: int = 1_700_000_000_123_456, kind: int = 0xA55A000E) -> bytes:
    """A record as awslambdaric frames it."""
    raw = message.encode()
    return kind.to_bytes(4, "big") + len(raw).to_bytes(4, "big") + at_us.to_bytes(8, "big") + raw


def cut(*pieces: bytes) -> list[str]:
    """The messages of the output that comes in these pieces."""
    assembler = LogAssembler()
    for piece in pieces:
        assembler.feed(piece)
    return [event.message for event in assembler.take(all_of_it=True)]


def test_a_line_is_an_event_and_empty_lines_are_none() -> None:
    assert cut(b"one\ntwo\n\nthree") == ["one", "two", "three"]


def test_a_record_of_many_lines_is_one_event_with_its_own_time() -> None:
    assembler = LogAssembler()
    assembler.feed(frame("first\nsecond\n"))
    (event,) = assembler.take(all_of_it=True)
    assert event.message == "first\nsecond"
    assert event.timestamp == 1_700_000_000_123


def test_records_and_lines_keep_their_order() -> None:
    output = b"before\n" + frame("record") + b"between, unfinished" + frame("\nrecord two") + b"after\n"
    assert cut(output) == ["before", "record", "between, unfinished", "\nrecord two", "after"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16])
def test_it_does_not_matter_where_the_pieces_end(size: int) -> None:
    output = "línea ñ 🛵\n".encode() + frame("récord\nlong") + b"tail\n" + frame("x" * 300)
    pieces = [output[start : start + size] for start in range(0, len(output), size)]
    assert cut(*pieces) == ["línea ñ 🛵", "récord\nlong", "tail", "x" * 300]


def test_an_unfinished_line_waits_unless_all_is_asked_for() -> None:
    assembler = LogAssembler()
    assembler.feed(b"done\nnot yet")
    assert [event.message for event in assembler.take(all_of_it=False)] == ["done"]
    assembler.feed(b" but now\n")
    assert [event.message for event in assembler.take(all_of_it=False)] == ["not yet but now"]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert cut(b"\xff\xfe\n") == ["��"]


def test_an_endless_line_is_cut_at_the_limit() -> None:
    messages = cut(b"y" * (MAX_EVENT_BYTES * 2 + 5))
    assert [len(message) for message in messages] == [MAX_EVENT_BYTES, MAX_EVENT_BYTES, 5]
