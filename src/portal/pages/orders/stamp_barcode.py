"""The stamp of a tax document (TED) as PDF417, for the PDF and the ticket.

The SII asks for PDF417 over the TED in ISO-8859-1, at least 2 x 4.5 cm, and legible at more than 200 dots an inch
("Manual de muestras impresas"; FAQ 001.380.6277.006). Error correction level 5 is what LibreDTE prints, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product

from pdf417gen.compaction import BYTE_LATCH, BYTE_LATCH_ALT, compact
from pdf417gen.compaction.byte import compact_bytes
from pdf417gen.encoding import encode_rows, get_padding
from pdf417gen.error_correction import compute_error_correction_code_words

RATIO = 3
"""A row is three times as high as a module is wide (ISO/IEC 15438, 5.8: at least three)."""
_COLUMNS = (18, 16)
"""16 columns fill all of the code words; 18 are lower."""
_LEVELS = (5, 4, 3)
"""Of error correction. A stamp by a key of 512 bits, which the SII's CAF have, fits at level 5 always. The longest ones
by a key of 1,024 bits do not: level 5 takes 64 of the code words, level 4 takes 32, level 3 takes 16."""
_MOST_CODE_WORDS = 928
"""ISO/IEC 15438, 5.3: length, data, padding and error correction together."""


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
    shapes = product(_LEVELS, _COLUMNS)
    rows = next(filter(None, (_encoded(stamp, level, columns) for level, columns in shapes)), None)
    if rows is None:
        return None
    written = ["".join(format(code, "b") for code in row) for row in rows]
    return Barcode(width=len(written[0]), rows=written)


def _encoded(stamp: str, level: int, columns: int) -> list[list[int]] | None:
    """The codes of each row; None for a text that does not fit, or has letters that ISO-8859-1 lacks.

    The library's own `encode` changes its mode at every digit, which takes more code words than bytes throughout, and
    it leaves error correction out of the limit of code words.
    """
    try:
        data = stamp.encode("iso-8859-1")
    except UnicodeEncodeError:
        return None
    latch = BYTE_LATCH_ALT if len(data) % 6 == 0 else BYTE_LATCH
    words = min([*compact(data)], [latch, *compact_bytes(list(data))], key=len)
    words += get_padding(len(words), 2 ** (level + 1), columns)
    words = [len(words) + 1, *words]
    words += compute_error_correction_code_words(words, level)
    if len(words) > _MOST_CODE_WORDS:
        return None
    rows = [words[first : first + columns] for first in range(0, len(words), columns)]
    return list(encode_rows(rows, columns, level))
