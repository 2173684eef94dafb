"""SES behind `ports.Mailer`: up to 50 mails a call, through a template of subject and body."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws.clients import client
from mtd.domain.orders.mail import Mail
from mtd.usecases.ports import MailResult

# SendBulkTemplatedEmail's own limit.
_CALL_MAILS = 50
_REFUSALS = {"MessageRejected", "InvalidParameterValue", "ValidationError", "InvalidParameterCombination"}
# Statuses that concern the mail itself. All others concern the account, the sender's domain, the template or the
# configuration set (BulkEmailDestinationStatus); such mails wait until a person has mended that.
_FINAL = {"MessageRejected", "InvalidParameterValue", "Failed"}
# SES sends it while DNS has not proved the sender's identity, and for all customers in the sandbox: "Email
# address is not verified. The following identities failed the check in region US-WEST-2: …" (SES, "Troubleshooting").
_NOT_VERIFIED = "is not verified"


class SesMailer:
    """Sends text mails from one verified sender; `template` renders {{subject}} and {{body}}.

    `configuration_set` has SES report bounces and complaints, with each mail's tags."""

    def __init__(
        self, sender: str, template: str, configuration_set: str, ses: Callable[[], Any] = lambda: client("ses")
    ) -> None:
        self._ses = ses
        self._sender = sender
        self._template = template
        self._configuration_set = configuration_set

    def send(self, mails: Sequence[Mail]) -> list[MailResult]:
        return [
            sending
            for start in range(0, len(mails), _CALL_MAILS)
            for sending in self._send(mails[start : start + _CALL_MAILS])
        ]

    def _send(self, mails: Sequence[Mail]) -> list[MailResult]:
        try:
            answer = self._ses().send_bulk_templated_email(
                Source=self._sender,
                Template=self._template,
                ConfigurationSetName=self._configuration_set,
                DefaultTemplateData=json.dumps({"subject": "", "body": ""}),
                Destinations=[_destination(mail) for mail in mails],
            )
        except (ClientError, BotoCoreError) as error:
            refused = isinstance(error, ClientError) and error.response["Error"]["Code"] in _REFUSALS
            unverified = _NOT_VERIFIED in str(error)
            if unverified and self._is_of_sender(str(error)):
                return [MailResult(status="pending", reason=str(error)[:500]) for _ in mails]
            if refused and len(mails) > 1:
                # One malformed address fails the whole call, so each mail is sent alone then.
                return [sending for mail in mails for sending in self._send([mail])]
            final = refused and not unverified
            return [MailResult(status="failed" if final else "pending", reason=str(error)[:500]) for _ in mails]
        return [_sending(status) for status in answer["Status"]]

    def _is_of_sender(self, refusal: str) -> bool:
        """Whether the refusal lists the sender's identities. Then no mail of the call would pass alone."""
        return self._sender in refusal or f" {self._sender.rpartition('@')[2]}" in refusal


def _destination(mail: Mail) -> dict[str, Any]:
    return {
        "Destination": {"ToAddresses": [mail.to]},
        "ReplacementTags": [{"Name": name, "Value": value} for name, value in mail.tags.items()],
        "ReplacementTemplateData": json.dumps({"subject": mail.subject, "body": mail.body}),
    }


def _sending(status: Mapping[str, str]) -> MailResult:
    if status["Status"] == "Success":
        return MailResult(status="sent", message_id=status["MessageId"])
    final = status["Status"] in _FINAL and _NOT_VERIFIED not in status.get("Error", "")
    reason = f"{status['Status']}: {status.get('Error', '')}"[:500]
    return MailResult(status="failed" if final else "pending", reason=reason)
