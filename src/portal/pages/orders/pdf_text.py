"""Text for a PDF that embeds no font: what its standard fonts have, broken to a width."""

import unicodedata
from bisect import bisect_right

from reportlab.pdfbase.pdfmetrics import stringWidth

_ENCODING = "cp1252"
"""What the standard fonts' WinAnsi encoding holds: the Latin of western Europe."""


class Text:
    """Brings text into the fonts' characters; `replaced` says whether any had to be left out so far."""

    def __init__(self) -> None:
        self.replaced = False

    def of(self, text: str) -> str:
        """The text with the fonts' letters: an accent is dropped where that helps, else the letter is a `?`."""
        return "".join(self._letter(letter) for letter in unicodedata.normalize("NFC", text))

    def _letter(self, letter: str) -> str:
        if not letter.isprintable():
            return " "
        if _has(letter):
            return letter
        base = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
        if base and all(_has(c) for c in base):
            return base
        self.replaced = True
        return "?"


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """The text in lines of at most that width, in points; at least one line. A word that is wider is cut."""
    # No letter is narrower than a sixth of its size: what is beyond need not be measured.
    most = max(1, int(6 * width / size))
    lines, line = [], ""
    for word in text.split():
        if line and stringWidth(f"{line} {word}", font, size) <= width:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        line = word
        while len(line) > 1 and stringWidth(line[: most + 1], font, size) > width:
            start = line[: most + 1]
            cut = bisect_right(range(1, len(start)), width, key=lambda n: stringWidth(start[:n], font, size))
            lines.append(line[: cut or 1])
            line = line[cut or 1 :]
    return [*lines, line] if line or not lines else lines


def rut(number: str) -> str:
    """12345678-5 as people write it, 12.345.678-5; what is no RUT as it is."""
    body, dash, check = number.partition("-")
    return f"{int(body):,}{dash}{check}".replace(",", ".") if dash and body.isascii() and body.isdecimal() else number


def _has(letter: str) -> bool:
    try:
        letter.encode(_ENCODING)
    except UnicodeEncodeError:
        return False
    return True
