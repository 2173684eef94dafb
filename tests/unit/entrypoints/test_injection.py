"""Texts of an order or a diagram stay texts: they become no path, address, header, log line or HTML."""

import json
import logging
import re
import tracemalloc
import zipfile
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import pytest
from tests.support.diagrams import draw
from tests.support.imports import A_TASK, SMALL
from tests.support.orders import OrderFile
from tests.support.xpdl_files import xpdl
from tests.unit.support.fakes import FakeMailer, leased

from mtd.domain.errors import ProcessError
from mtd.domain.json_types import Json
from mtd.domain.orders import mail, ubl, xml
from mtd.engine.readers import bpm
from mtd.entrypoints.logs import JsonFormatter
from mtd.usecases.states.allocate_order import AllocateOrder
from mtd.usecases.states.dispatch_order import DispatchOrder
from mtd.usecases.states.open_sales_support import OpenSalesSupport
from mtd.usecases.states.redeem_gift_card import RedeemGiftCard

DIAGRAM = xpdl(draw(SMALL % A_TASK))
TEMPLATES = Path(__file__).parents[3] / "cloudformation" / "stacks"


def archive(*entries: tuple[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries:
            target.writestr(name, content)
    return buffer.getvalue()


def test_paths_in_a_bpm_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "a" / "b" / "c"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    diagram = archive(("Diagram.xml", DIAGRAM), ("../../slipped.xml", b"<a/>"), ("/tmp/slipped.xml", b"<a/>"))
    content = archive(
        ("../../one.diag", diagram),
        (f"{tmp_path}/two.diag", diagram),
        ("..\\..\\three.diag", diagram),
        ("Documentation/../../slipped.xml", b"<a/>"),
    )

    assert len(bpm.read(content)) == 3

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def lying(content: bytes, entry_bytes: int, claimed: int) -> bytes:
    """The zip with that entry's size claimed to be another one."""
    return content.replace(entry_bytes.to_bytes(4, "little"), claimed.to_bytes(4, "little"))


@pytest.mark.parametrize("claimed", [None, 100])
def test_a_bomb_is_refused_before_it_has_unpacked(claimed: int | None) -> None:
    size = 64 * 2**20
    diagram = archive(("Diagram.xml", b"\0" * size))
    bomb = archive(("bomb.diag", diagram if claimed is None else lying(diagram, size, claimed)))
    assert len(bomb) < 2**20
    tracemalloc.start()

    try:
        with pytest.raises(ProcessError):
            bpm.read(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 10 * xml.MAXIMUM_BYTES
    assert peak < 200 * 2**20


HOSTILE = (
    "http://169.254.169.254/latest/meta-data/",
    "../../../control/faults",
    "//other.example/",
    "@other.example",
    "a b?c=d#e",
    "line\nHost: other.example",
)


@dataclass(slots=True)
class RecordingLegacy:
    """Keeps the paths and keys that it is asked for."""

    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def call(self, method: str, path: str, body: Json | None, idempotency_key: str | None) -> Json:
        assert (method, body is None) == ("POST", False)
        self.asked.append((path, idempotency_key))
        return {
            "redemption_id": "1",
            "allocation_id": "1",
            "warehouse": "1",
            "shipment_id": "1",
            "carrier": "1",
            "case_id": "1",
        }


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_an_order_is_part_of_an_address_that_is_asked(text: str) -> None:
    legacy = RecordingLegacy()
    ordered = leased("any", attempts=1)
    order = replace(
        ordered.order,
        number=text,
        gift_card=text,
        buyer=replace(ordered.order.buyer, name=text, email=text),
        seller=replace(ordered.order.seller, name=text),
        lines=tuple(replace(line, sku=text, name=text) for line in ordered.order.lines),
    )
    for effect in (
        RedeemGiftCard(legacy),
        AllocateOrder(legacy),
        OpenSalesSupport(legacy),
        DispatchOrder(legacy),
    ):
        effect(replace(ordered, order=order))

    assert {path for path, _ in legacy.asked} == {"/redemptions", "/allocations", "/cases", "/shipments"}
    assert all(re.fullmatch(r"[0-9a-f-]{36}:[a-z]+", key or "") for _, key in legacy.asked)


def test_an_address_within_an_orders_xml_is_not_asked() -> None:
    extra = (
        '<Order xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x http://127.0.0.1:1/x"'
    )
    content = OrderFile(number="N-1").xml().replace("<Order", extra, 1)

    assert ubl.parse_order(content.encode()).number == "N-1"


@pytest.mark.parametrize(
    "address",
    ["a@b.cl\nBcc: all@example.cl", "a@b.cl, c@d.cl", "Ana <a@b.cl>", "a@b.cl\r\n\r\nbody", "a@b.cl;c@d.cl", "ñ@b.cl"],
)
def test_a_mail_goes_to_one_plain_address_or_to_none(address: str) -> None:
    order = ubl.parse_order(OrderFile(number="N-1").xml().encode())
    order = replace(order, buyer=replace(order.buyer, email=address))

    assert mail.why_no_mail(order) == "none: the order's e-mail is not an address"


@pytest.mark.parametrize("text", ["N-1\r\nBcc: all@example.cl", "N-1\x00\x1b[2J", "N\u2028Bcc: x", "\u202eN"])
def test_a_subject_has_no_control_characters(text: str) -> None:
    order = ubl.parse_order(OrderFile(number="N-1").xml().encode())
    order = replace(order, number=text, buyer=replace(order.buyer, name=text), seller=replace(order.seller, name=text))

    for written in (mail.being_processed(order, "boleta 39 N° 1"), mail.delayed_by_tax_document(order)):
        assert written.subject.isprintable()
        assert all(line.isprintable() for line in written.body.split("\n"))
        assert "\nBcc" not in written.body


def test_a_mail_is_text_whatever_the_order_says() -> None:
    order = ubl.parse_order(OrderFile(number="N-1", buyer_name="<script>alert(1)</script> {{body}}").xml().encode())
    mailer = FakeMailer()
    mailer.send([mail.being_processed(order, "boleta")])

    assert "Hello <script>alert(1)</script> {{body}}," in mailer.mails[0].body
    templates = [path.read_text("utf-8") for path in TEMPLATES.rglob("*.yaml")]
    assert any("TextPart: '{{body}}'" in text for text in templates)
    assert not any("HtmlPart" in text for text in templates)


@pytest.mark.parametrize(
    "text",
    ['N-1\n{"level": "INFO", "message": "all is well"}', "a\rb", "a\u2028b\u0085c", "\x1b[31mred", '"}, {"x": "'],
)
def test_a_record_is_one_line_of_a_log_whatever_is_in_it(text: str) -> None:
    record = logging.makeLogRecord({"msg": "file not read", "source": text, "level": "ERROR", "reason": [text]})
    try:
        raise ValueError(text)
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)

    line = JsonFormatter().format(record)

    assert line.isascii()
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["source"] == text
