"""SES behind `ports.Mailer`."""

from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws import client
from mtd.domain.errors import BusinessError, RetryableError

_REFUSALS = {"MessageRejected", "InvalidParameterValue", "ValidationError", "InvalidParameterCombination"}


class SesMailer:
    """Sends text mails from one verified sender."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    def send(self, to: str, subject: str, body: str, tags: Mapping[str, str]) -> str:
        try:
            answer = client("ses").send_email(
                Source=self._sender,
                Destination={"ToAddresses": [to]},
                Message={
                    "Subject": {"Data": subject, "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": body, "Charset": "UTF-8"}},
                },
                Tags=[{"Name": name, "Value": value} for name, value in tags.items()],
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSALS:
                raise BusinessError(f"SES refuses the mail: {error}", code="mail_refused") from error
            raise RetryableError(f"SES: {error}", code="ses_unavailable") from error
        except BotoCoreError as error:
            raise RetryableError(f"SES: {error}", code="ses_unavailable") from error
        message_id: str = answer["MessageId"]
        return message_id
