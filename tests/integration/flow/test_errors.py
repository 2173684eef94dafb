"""Each state's error way, retries, and effects made once whatever the legacy systems do."""

import pytest

from tests.integration.system import System, until
from tests.support.orders import OrderFile


@pytest.mark.parametrize(
    ("state", "system_name"),
    [("allocation", "eom"), ("sales_support", "sales_support"), ("gift_card", "gift_card")],
)
def test_a_refusal_becomes_an_incident_through_the_error_api(
    system: System, number: str, state: str, system_name: str
) -> None:
    card = f"GC-{number}"
    system.fault(system_name, number, refusal_rate=1, refusal_code="blocked", refusal_message="not today")
    system.put(OrderFile(number=number, gift_card=card).xml(), f"{number}.xml")

    order = system.ended(number, "exception")

    assert order["reason"] == f"{state}: not today (blocked)"
    assert any(event["what"] == f"POST /errors/{state}" for event in order["events"])
    [incident] = system.sql("select i.* from incidents i join orders o using (order_id) where o.number = %s", number)
    assert (incident["state"], incident["code"], incident["resolved_at"]) == (state, "blocked", None)


def test_a_dispatch_refused_after_the_tax_document_keeps_the_document(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    until(lambda: system.order(number), lambda order: order.get("state") not in (None, "validation"))
    system.fault("eom", number, refusal_rate=1, refusal_code="truck_broken")

    order = until(lambda: system.order(number), lambda order: order.get("state") in ("exception", "completed"))

    assert len(system.done("paperless", "issue", number)) == (0 if "allocation" in (order["reason"] or "") else 1)


def test_an_unknown_gift_card_is_refused_and_nothing_is_allocated(system: System, number: str) -> None:
    system.put(OrderFile(number=number, gift_card="4111111111111111").xml(), f"{number}.xml")

    order = system.ended(number, "exception")

    assert "card_unknown" in order["reason"]
    assert system.done("eom", "allocate", number) == []


def test_a_refused_tax_document_goes_through_step_functions_and_tells_the_customer(system: System, number: str) -> None:
    system.fault("paperless", number, refusal_rate=1, refusal_code="ENV-3-0", refusal_message="schema refused")
    system.put(OrderFile(number=number).xml(), f"{number}.xml")

    order = system.ended(number, "exception")

    assert order["reason"] == "emission_dte: schema refused (ENV-3-0)"
    assert any(event["source"] == "Step Functions" for event in order["events"])
    [mail] = until(lambda: system.mails(number), bool)
    assert mail["Subject"] == f"Your order {number} is delayed"
    [incident] = system.sql("select i.* from incidents i join orders o using (order_id) where o.number = %s", number)
    assert incident["code"] == "ENV-3-0"


def test_a_passing_fault_is_retried_until_it_has_passed(system: System, number: str) -> None:
    system.fault("eom", number, outage=True, times=3)
    system.put(OrderFile(number=number).xml(), f"{number}.xml")

    order = system.ended(number, "completed")

    retries = [event for event in order["events"] if event["what"].startswith("retry")]
    assert len(retries) == 3
    assert len(system.done("eom", "allocate", number)) == 1


def test_after_ten_tries_a_lasting_fault_is_an_exception(system: System, number: str) -> None:
    system.fault("eom", number, error_rate=1)
    system.put(OrderFile(number=number).xml(), f"{number}.xml")

    order = system.ended(number, "exception", 120)

    assert order["reason"].startswith("allocation: ")
    [incident] = system.sql("select i.* from incidents i join orders o using (order_id) where o.number = %s", number)
    assert incident["attempts"] == 10


def test_a_time_out_after_issuing_never_doubles_a_folio(system: System, number: str) -> None:
    system.fault("paperless", number, hang_after=True, hang_seconds=4, times=1)
    system.put(OrderFile(number=number).xml(), f"{number}.xml")

    order = system.ended(number, "completed")

    [issued] = system.done("paperless", "issue", number)
    assert order["orders"][0]["tax_document"]["folio"] == issued["result"]["Folio"]
    assert any(event["what"] == "DTE recovered" for event in order["events"])
    until(lambda: system.mails(number), lambda mails: len(mails) == 1)


def test_a_time_out_before_issuing_issues_once(system: System, number: str) -> None:
    system.fault("paperless", number, hang_before=True, hang_seconds=4, times=1)
    system.put(OrderFile(number=number).xml(), f"{number}.xml")

    system.ended(number, "completed")

    assert len(system.done("paperless", "issue", number)) == 1


def test_a_gift_card_is_charged_once_over_time_outs(system: System, number: str) -> None:
    card = f"GC-{number}"
    system.set_card(card, "100000")
    system.fault("gift_card", number, hang_after=True, hang_seconds=4, times=2)
    system.put(OrderFile(number=number, gift_card=card).xml(), f"{number}.xml")

    system.ended(number, "completed")

    assert system.card(card) == {"balance": "76200", "available": "76200"}
    assert len(system.done("gift_card", "redeem", number)) == 1
