"""Normalises and compares records of scenarios: fields that differ in any two runs are replaced."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

type Record = dict[str, Any]

# Fields whose values are replaced. None stays None, because a missing value is a difference.
_VOLATILE = frozenset(
    (
        "at ms request_id order_id message_id received_at updated_at since sent_at Timestamp Id task_id "
        "token_id created_at due_at event_id entry_id MessageId id conflicts_with completed_at opened_at "
        "folio Folio receives TED TrackId stamp track_id"
    ).split()
)
_PATTERNS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "<digest>"),
    (re.compile(r"\b([A-Z]{3,4})-[0-9a-f]{12}\b"), r"\1-<id>"),
    (re.compile(r"(N° |folio )\d+"), r"\1<folio>"),
    (re.compile(r"/tasks/\d+/"), "/tasks/<task>/"),
    (re.compile(r"delay_seconds [\d.]+"), "delay_seconds <drawn by lot>"),
    (re.compile(r"http://[\w.-]+:\d+"), "<address>"),
)
# Lists of things that happen in parallel, whose order means nothing.
_UNORDERED = frozenset({"events", "mails", "ledger", "rows", "waiting", "orders"})


def normalised(record: Record, number: str) -> Record:
    """The record with the scenario's number as `<number>`, without times, ids and folios. The states that were reached
    stay in their order; everything that happens side by side is sorted."""
    timeline = record.get("timeline") or {}
    events = timeline.get("events") or []
    states = [event["to"] for event in events if event.get("to")]
    plain = _plain(record | {"states": states}, number, "")
    found: Record = plain
    return found


def _plain(value: Any, number: str, name: str) -> Any:
    if value is None:
        return None
    if name in _VOLATILE and not isinstance(value, dict | list):
        return f"<{name}>"
    if isinstance(value, str):
        text = value.replace(number, "<number>").replace(number[4:10].lower(), "<run>")
        for pattern, stands in _PATTERNS:
            text = pattern.sub(stands, text)
        return text
    if isinstance(value, list):
        items = [_plain(item, number, "") for item in value]
        return sorted(items, key=_text) if name in _UNORDERED else items
    if isinstance(value, Mapping):
        return {str(key): _plain(item, number, str(key)) for key, item in value.items()}
    return value


def differences(one: Mapping[str, Record], other: Mapping[str, Record]) -> Iterator[tuple[str, str, Any, Any]]:
    """(scenario, field, value in one, value in the other) of every field that differs."""
    for title in [*one, *(name for name in other if name not in one)]:
        for field, this, that in _fields(one.get(title), other.get(title), ""):
            yield title, field or "all of it", this, that


def _fields(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            yield from _fields(one.get(name), other.get(name), f"{path}.{name}" if path else name)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (this, that) in enumerate(zip(one, other, strict=True)):
            yield from _fields(this, that, f"{path}[{place}]")
    elif isinstance(one, list) and isinstance(other, list):
        yield from _lists(one, other, path)
    elif one != other:
        yield path, one, other


def _lists(one: list[Any], other: list[Any], path: str) -> Iterator[tuple[str, Any, Any]]:
    """The differences of two lists; for other lengths, the elements that only one of them has."""
    theirs, ours = [_text(item) for item in one], [_text(item) for item in other]
    for item in one:
        if _text(item) in ours:
            ours.remove(_text(item))
        else:
            yield f"{path}[]", item, None
    for item in other:
        if _text(item) in theirs:
            theirs.remove(_text(item))
        else:
            yield f"{path}[]", None, item


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
