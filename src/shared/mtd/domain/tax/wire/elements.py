"""Elements of a document as they are written: a name with a text, a number, or further elements."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from xml.sax.saxutils import escape

type Value = str | int | Decimal | list["Field"] | None
type Field = tuple[str, Value]


def written(fields: Iterable[Field]) -> Iterator[str]:
    """Elements without a value are left out."""
    for name, value in fields:
        if isinstance(value, list):
            inner = "".join(written(value))
            if inner:
                yield f"<{name}>{inner}</{name}>"
        elif value is not None and value != "":
            yield f"<{name}>{amount_text(value) if isinstance(value, Decimal) else escape(str(value))}</{name}>"


def amount_text(amount: Decimal) -> str:
    """An amount as the wire has it: a point, and only the decimals that say something ([F] p. 10)."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
