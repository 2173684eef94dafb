"""Every arrow of the order's way, with nothing going wrong."""

import json

import pytest

from tests.integration.system import PEPPOL, System, until
from tests.support.orders import OrderFile


def test_an_order_is_delivered_and_every_system_was_asked_once(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")

    order = system.ended(number, "completed")

    assert order["reason"] is None
    for legacy, operation in (("eom", "allocate"), ("paperless", "issue"), ("sales_support", "open"), ("eom", "ship")):
        assert len(system.done(legacy, operation, number)) == 1, operation
    assert system.done("gift_card", "redeem", number) == []
    assert order["orders"][0]["tax_document"]["document_type"] == 39
    until(lambda: system.mails(number), lambda mails: len(mails) == 1)


def test_the_timeline_crosses_every_service_in_order(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")

    def sources() -> list[str]:
        return [event["source"] for event in system.order(number)["events"]]

    found = until(sources, lambda found: "SES" in found)

    assert {"S3", "SQS", "API", "Lambda", "PostgreSQL", "EOM", "Paperless", "Sales Support", "SES"} <= set(found)
    events = system.order(number)["events"]
    assert found[0] == "S3"
    assert set(events[0]) >= {"at", "source", "what", "from", "to", "ms", "request_id"}
    states = [event["to"] for event in events if event["to"]]
    assert states == [
        "validation",
        "allocation",
        "emission_dte",
        "sales_support",
        "dispatch",
        "completion",
        "completed",
    ]
    assert all(event["request_id"] for event in events if event["source"] in ("Lambda", "API", "SQS", "S3"))


def test_a_gift_card_is_redeemed_once_for_the_payable_amount(system: System, number: str) -> None:
    card = f"GC-{number}"
    system.set_card(card, "30000")
    system.put(OrderFile(number=number, gift_card=card).xml(), f"{number}.xml")

    system.ended(number, "completed")

    assert len(system.done("gift_card", "redeem", number)) == 1
    assert system.card(card) == {"balance": "6200", "available": "6200"}


@pytest.mark.parametrize(
    ("rut", "document_type"), [("12345678-5", 39), ("76123456-0", 33), (None, 110)], ids=["boleta", "factura", "export"]
)
def test_the_tax_document_fits_the_buyer(system: System, number: str, rut: str | None, document_type: int) -> None:
    system.put(OrderFile(number=number, buyer_rut=rut).xml(), f"{number}.xml")

    order = system.ended(number, "completed")

    assert order["orders"][0]["tax_document"]["document_type"] == document_type
    assert system.done("paperless", "issue", number)[0]["result"]["TipoDTE"] == document_type


@pytest.mark.parametrize("name", ["Order_Example", "UC1_Order", "UC2_Order", "UC3_Order"])
def test_peppols_published_orders_end(system: System, number: str, name: str) -> None:
    content = (PEPPOL / f"peppol-{name}.xml").read_text("utf-8")
    head, _, rest = content.partition("<cbc:ID>")
    own = f"{head}<cbc:ID>{number}</cbc:ID>{rest.partition('</cbc:ID>')[2]}"
    system.put(own, f"{number}.xml")

    assert system.ended(number, "completed")["orders"][0]["tax_document"]["document_type"] == 110


def test_without_an_address_no_mail_is_sent_and_the_timeline_says_so(system: System, number: str) -> None:
    system.put(OrderFile(number=number, mail=None).xml(), f"{number}.xml")

    order = system.ended(number, "completed")

    assert any("no e-mail" in event["what"] for event in order["events"])
    assert system.mails(number) == []


def test_missing_totals_are_computed(system: System, number: str) -> None:
    system.put(OrderFile(number=number, payable=None, tax=None).xml(), f"{number}.xml")

    system.ended(number, "completed")

    assert system.rows(number)[0]["total"] == "23800"


def test_two_thousand_lines_travel_by_reference(system: System, number: str) -> None:
    lines = tuple((f"SKU-{i}", "1", "1000") for i in range(2_000))
    file = OrderFile(number=number, lines=lines, payable="2380000", tax="380000", item_name="Artículo " + "x" * 80)
    system.put(file.xml(), f"{number}.xml")

    order = system.ended(number, "completed", 90)

    key = f"large/{order['orders'][0]['order_id']}.json"
    stored = json.loads(system.aws("s3").get_object(Bucket=system.bucket, Key=key)["Body"].read())
    assert len(stored["lines"]) == 2_000


def test_names_with_everything_in_them_come_through_unchanged(system: System, number: str) -> None:
    name = """O'Brien "Ñ" 🚚 <b>&amp;</b> '; drop table orders; --"""
    system.put(OrderFile(number=number, buyer_name=name, item_name=name).xml(), f"{number}.xml")

    system.ended(number, "completed")

    assert system.rows(number)[0]["buyer"] == name
    [mail] = until(lambda: system.mails(number), bool)
    assert name in mail["Body"]["text_part"]


def test_many_at_once_all_arrive(system: System, number: str) -> None:
    numbers = [f"{number}-{i}" for i in range(25)]
    for each in numbers:
        system.put(OrderFile(number=each).xml(), f"{each}.xml")

    for each in numbers:
        system.ended(each, "completed")
        assert len(system.done("paperless", "issue", each)) == 1
