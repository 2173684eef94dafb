"""The stamp's barcode, read by ZXing."""

from datetime import UTC, datetime
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from tests.unit.portal.pages.orders.test_sheet_pdf import pages, printed

from legacy_simulator.stamping import Caf, new_key, stamp
from portal.pages.orders import sheet_pdf
from portal.pages.orders.stamp_barcode import RATIO, Barcode, barcode_of
from portal.pages.orders.tax_sheet import KEPT_ELSEWHERE, SIMULATED, STAMP, VERIFY, sheet_of

KEY = new_key()
MILLIMETRE = 72 / 25.4
# The longest texts that a stamp may have, and letters outside of ASCII.
LONGEST = {"receiver": "66666666-6", "name": "Ñandú & Cía. " * 4, "total": "999999999999999999", "item": "ü" * 80}
SHORT = {"receiver": "6824160-K", "name": "Ana", "total": "1", "item": "X"}


def ted(document: dict[str, Any], folio: int = 1, key: str = KEY) -> str:
    caf = Caf(issuer="76123456-0", document_type=39, first=1, last=10_000_000, authorised_on="2026-11-30", key=key)
    return stamp(caf, folio, {"day": "2026-11-30", **document}, datetime(2026, 11, 30, 12, tzinfo=UTC))


def drawn(barcode: Barcode) -> Image.Image:
    """The bars on paper, with a quiet zone, three dots a module."""
    image = Image.new("L", (barcode.width + 8, barcode.height + 8), 255)
    for left, top, length in barcode.bars():
        image.paste(0, (left + 4, top + 4, left + 4 + length, top + 4 + RATIO))
    return image.resize((image.width * 3, image.height * 3))


def read(barcode: Barcode) -> str:
    [found] = zxingcpp.read_barcodes(drawn(barcode), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.PDF417))
    return found.bytes.decode("iso-8859-1")


@pytest.mark.parametrize("document", [LONGEST, SHORT], ids=["longest", "short"])
def test_a_reader_gets_the_stamp_byte_by_byte(document: dict[str, Any]) -> None:
    written = ted(document, 9_999_999)
    barcode = barcode_of(written)
    assert barcode is not None
    assert read(barcode) == written


def test_it_is_read_when_a_part_of_it_is_blotted() -> None:
    written = ted(LONGEST)
    barcode = barcode_of(written)
    assert barcode is not None
    image = drawn(barcode)
    image.paste(0, (400, 120, 460, 180))
    [found] = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.PDF417))
    assert found.bytes.decode("iso-8859-1") == written


def test_the_longest_stamp_fits_whatever_its_key() -> None:
    """The base64 of some keys takes more code words than that of others."""
    for _ in range(25):
        written = ted(LONGEST, 9_999_999, new_key())
        barcode = barcode_of(written)
        assert barcode is not None
        assert read(barcode) == written


@pytest.mark.parametrize("document", [LONGEST, SHORT], ids=["longest", "short"])
def test_it_has_the_size_that_the_sii_asks_for(document: dict[str, Any]) -> None:
    barcode = barcode_of(ted(document))
    assert barcode is not None
    module = sheet_pdf._STAMP / MILLIMETRE / barcode.width
    assert 20 <= module * barcode.height <= 40
    # 6.7 thousandths of an inch, the least that PDF417 readers are asked to read.
    assert module >= 0.17


def test_the_svg_has_the_same_bars() -> None:
    barcode = Barcode(width=5, rows=["10011", "01110"])
    assert barcode.svg_path == "M0 0h1v3h-1zM3 0h2v3h-2zM1 3h3v3h-3z"


@pytest.mark.parametrize("text", [None, "", "x" * 2_000, "€"])
def test_what_is_no_stamp_has_no_barcode(text: str | None) -> None:
    assert barcode_of(text) is None


@pytest.mark.parametrize(
    ("stamped", "simulated", "lines"),
    [(True, False, (STAMP, VERIFY)), (True, True, (SIMULATED,)), (False, False, (KEPT_ELSEWHERE,))],
)
def test_the_lines_under_it_say_whose_it_is(stamped: bool, simulated: bool, lines: tuple[str, ...]) -> None:
    document = printed()
    document.row["stamp"] = ted(SHORT) if stamped else None
    assert (sheet_of(document, simulated=simulated).barcode is not None) is stamped
    [page] = pages(document, simulated=simulated)
    assert all(line in page for line in lines)
