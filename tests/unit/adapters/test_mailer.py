"""SES's refusals: a mail that can never be sent fails; a mail that SES does not send yet waits.

The texts are SES's: BulkEmailDestinationStatus of its API, and "Troubleshooting Amazon SES" for unverified identities.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from mtd.adapters.aws.mailer import SesMailer
from mtd.domain.orders.mail import Mail

SENDER = "orders@shop.example"
UNVERIFIED = "Email address is not verified. The following identities failed the check in region US-WEST-2: "


class FakeSes:
    """Answers each destination with a status by its address; `refuses` says which call as a whole is refused, and
    why."""

    def __init__(self, statuses: dict[str, str], refuses: dict[str, tuple[str, str]] | None = None) -> None:
        self._statuses = statuses
        self._refuses = refuses or {}
        self.calls = 0

    def send_bulk_templated_email(self, Destinations: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        self.calls += 1
        to = [each["Destination"]["ToAddresses"][0] for each in Destinations]
        for address in to:
            if address in self._refuses:
                code, message = self._refuses[address]
                raise ClientError({"Error": {"Code": code, "Message": message}}, "SendBulkTemplatedEmail")
        statuses = [self._statuses.get(address, "Success") for address in to]
        return {"Status": [{"Status": status, "MessageId": "m", "Error": status} for status in statuses]}


def _sent(ses: FakeSes, *to: str) -> list[str]:
    mails = [Mail(to=address, subject="s", body="b", tags={}) for address in to]
    return [each.status for each in SesMailer(SENDER, "t", "c", lambda: ses).send(mails)]


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("Success", "sent"),
        ("MessageRejected", "failed"),
        ("InvalidParameterValue", "failed"),
        ("MailFromDomainNotVerified", "pending"),
        ("ConfigurationSetDoesNotExist", "pending"),
        ("ConfigurationSetSendingPaused", "pending"),
        ("TemplateDoesNotExist", "pending"),
        ("AccountSuspended", "pending"),
        ("AccountDailyQuotaExceeded", "pending"),
        ("AccountSendingPaused", "pending"),
        ("AccountThrottled", "pending"),
        ("TransientFailure", "pending"),
    ],
)
def test_what_is_no_fault_of_the_mail_waits(status: str, becomes: str) -> None:
    assert _sent(FakeSes({"a@x.cl": status}), "a@x.cl") == [becomes]


def test_a_sender_that_dns_has_not_proved_keeps_all_mails_waiting_with_one_call() -> None:
    for identity in (SENDER, "shop.example"):
        ses = FakeSes({}, {"a@x.cl": ("MessageRejected", UNVERIFIED + identity)})
        assert _sent(ses, "a@x.cl", "b@x.cl") == ["pending", "pending"]
        assert ses.calls == 1


def test_in_the_sandbox_a_customers_mail_waits_and_others_are_sent() -> None:
    ses = FakeSes({}, {"customer@x.cl": ("MessageRejected", UNVERIFIED + "customer@x.cl")})
    assert _sent(ses, "customer@x.cl", "success@simulator.amazonses.com") == ["pending", "sent"]


def test_a_malformed_address_fails_alone() -> None:
    ses = FakeSes({}, {"no address": ("InvalidParameterValue", "Illegal address")})
    assert _sent(ses, "no address", "b@x.cl") == ["failed", "sent"]
