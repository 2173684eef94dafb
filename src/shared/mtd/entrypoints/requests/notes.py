"""The requests of POST /orders/{number}/notes, checked and typed."""

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.entrypoints.requests.tasks import read_id, read_text
from mtd.usecases.operations.write_note import Note


def read_note(number: str, body: Json) -> Note:
    """A note. Raises InvalidRequest that names the field."""
    person, text = read_text(body, "person", 200), read_text(body, "text", 2_000)
    if not person or not text or not text.strip():
        raise InvalidRequest("person and text must be given", code="note_missing")
    order_id = read_text(body, "order_id", 36)
    meant = read_id(order_id) if order_id else None
    return Note(number=number, person=person, text=text.strip(), seller=read_text(body, "seller", 200), order_id=meant)
