"""Mails that come back: SES's mailbox simulator bounces and complains, and MTD hears of it."""

import pytest

from tests.integration.system import System, until
from tests.support.orders import OrderFile

AT_SIMULATOR = "{what}+{number}@simulator.amazonses.com"


@pytest.mark.parametrize(("what", "kind"), [("bounce", "bounced"), ("complaint", "complained")])
def test_a_mail_that_comes_back_is_in_the_timeline_and_is_the_last_to_its_address(
    system: System, number: str, what: str, kind: str
) -> None:
    address = AT_SIMULATOR.format(what=what, number=number.lower())
    first, second = f"{number}-1", f"{number}-2"
    system.put(OrderFile(number=first, mail=address).xml(), f"{first}.xml")

    order = until(
        lambda: system.order(first),
        lambda order: any(f"mail being_processed {kind}" in event["what"] for event in order.get("events", [])),
    )
    [event] = [event for event in order["events"] if f"mail being_processed {kind}" in event["what"]]
    assert "no more mails to this address" in event["what"]
    assert (event["source"], event["who"]) == ("SES", "record_mail_feedback")

    system.put(OrderFile(number=second, mail=address.upper()).xml(), f"{second}.xml")
    later = until(
        lambda: system.order(second),
        lambda order: any("mail being_processed failed" in event["what"] for event in order.get("events", [])),
    )
    assert any("not sent: an earlier mail to this address" in event["what"] for event in later["events"])
    assert system.mails(second) == []
    assert len(system.mails(first)) == 1
