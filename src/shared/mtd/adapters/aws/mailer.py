"""SES behind `ports.Mailer`: up to 50 mails a call, through a template that is nothing but subject and body."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws.clients import client
from mtd.domain.orders.mail import Mail
from mtd.usecases.ports import MailResult

# SendBulkTemplatedEmail's own limit.
_CALL_MAILS = 50
_REFUSALS = {"MessageRejected", "InvalidParameterValue", "ValidationError", "InvalidParameterCombination"}
# Statuses of a single destination after which another try may go through.
_PASSING = {"AccountThrottled", "AccountDailyQuotaExceeded", "TransientFailure", "AccountSendingPaused"}


class SesMailer:
    """Sends text mails from one verified sender; `template` renders {{subject}} and {{body}}.

    `configuration_set` has SES tell of bounces and complaints, with each mail's tags."""

    def __init__(self, sender: str, template: str, configuration_set: str) -> None:
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
            answer = client("ses").send_bulk_templated_email(
                Source=self._sender,
                Template=self._template,
                ConfigurationSetName=self._configuration_set,
                DefaultTemplateData=json.dumps({"subject": "", "body": ""}),
                Destinations=[_destination(mail) for mail in mails],
            )
        except (ClientError, BotoCoreError) as error:
            refused = isinstance(error, ClientError) and error.response["Error"]["Code"] in _REFUSALS
            if refused and len(mails) > 1:
                # One malformed address fails the whole call: the others must not suffer.
                return [sending for mail in mails for sending in self._send([mail])]
            return [MailResult(status="failed" if refused else "pending", reason=str(error)[:500]) for _ in mails]
        return [_sending(status) for status in answer["Status"]]


def _destination(mail: Mail) -> dict[str, Any]:
    return {
        "Destination": {"ToAddresses": [mail.to]},
        "ReplacementTags": [{"Name": name, "Value": value} for name, value in mail.tags.items()],
        "ReplacementTemplateData": json.dumps({"subject": mail.subject, "body": mail.body}),
    }


def _sending(status: Mapping[str, str]) -> MailResult:
    if status["Status"] == "Success":
        return MailResult(status="sent", message_id=status["MessageId"])
    again = status["Status"] in _PASSING
    reason = f"{status['Status']}: {status.get('Error', '')}"[:500]
    return MailResult(status="pending" if again else "failed", reason=reason)
