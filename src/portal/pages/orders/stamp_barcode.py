"""The stamp of a tax document (TED) as PDF417, for the PDF and the ticket.

The SII asks for PDF417 over the TED in ISO-8859-1, at least 2 x 4.5 cm, and legible at more than 200 dots an inch
("Manual de muestras impresas"; FAQ 001.380.6277.006). Error correction level 5 is what LibreDTE prints, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pdf417gen import encode

RATIO = 3
"""A row is three times as high as a module is wide (ISO/IEC 15438, 5.8: at least three)."""
_COLUMNS = 18
_SECURITY_LEVEL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Barcode:
    """A barcode of `width` modules and `height` module widths. No quiet zone is around it."""

    width: int
    rows: Sequence[str]
    """The modules of each row, `1` for a black one."""

    @property
    def height(self) -> int:
        return len(self.rows) * RATIO

    def bars(self) -> Iterator[tuple[int, int, int]]:
        """Left edge, top edge and length of each bar, in modules from the upper left corner."""
        for number, row in enumerate(self.rows):
            left = 0
            for black, modules in groupby(row):
                length = sum(1 for _ in modules)
                if black == "1":
                    yield left, number * RATIO, length
                left += length

    @property
    def svg_path(self) -> str:
        """The bars as the data of an SVG path."""
        return "".join(f"M{left} {top}h{length}v{RATIO}h-{length}z" for left, top, length in self.bars())


def barcode_of(stamp: str | None) -> Barcode | None:
    """The barcode of a stamp; None without one, and for one that is too long for PDF417."""
    if not stamp:
        return None
    try:
        rows = encode(stamp.encode("iso-8859-1"), columns=_COLUMNS, security_level=_SECURITY_LEVEL)
    except ValueError:
        return None
    written = ["".join(format(code, "b") for code in row) for row in rows]
    return Barcode(width=len(written[0]), rows=written)
