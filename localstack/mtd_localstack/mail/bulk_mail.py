"""SES's SendBulkTemplatedEmail: LocalStack counts such mails but does not keep them for /_aws/ses. This renders and
keeps them.

Mails to SES's mailbox simulator bounce and are complained about, as on AWS."""

import json
import os
from pathlib import Path
from typing import Any

from localstack.aws.api.ses import BulkEmailStatus, TemplateDoesNotExistException
from localstack.services.moto import call_moto
from localstack.services.ses import provider
from localstack.services.ses.models import SentEmail, SentEmailBody
from moto.ses.template import parse_template

from mtd_localstack.mail.mail_simulator import tell_of


def send_bulk_templated_email(
    _: Any,
    context: Any,
    source: str,
    template: str,
    default_template_data: str,
    destinations: list[dict[str, Any]],
    configuration_set_name: str | None = None,
    **__: Any,
) -> dict[str, Any]:
    """The operation: one status a destination, in their order, and one kept mail each."""
    if template not in provider.get_ses_backend(context).templates:
        raise TemplateDoesNotExistException(f"Template {template} does not exist")
    answer: dict[str, Any] = call_moto(context)
    parts = provider.get_ses_backend(context).get_template(template)
    for status, destination in zip(answer["Status"], destinations, strict=True):
        status["Status"] = BulkEmailStatus.Success
        data = json.loads(default_template_data) | json.loads(destination.get("ReplacementTemplateData") or "{}")
        mail = SentEmail(
            Id=status["MessageId"],
            Region=context.region,
            Source=source,
            Destination=destination["Destination"],
            Subject=parse_template(str(parts["subject_part"]), data),
            Body=SentEmailBody(
                text_part=parse_template(str(parts.get("text_part") or ""), data),
                html_part=parse_template(str(parts.get("html_part") or ""), data) or None,
            ),
        )
        provider.save_for_retrospection(mail)
        _remember(mail)
        tell_of(context, configuration_set_name, mail, destination.get("ReplacementTags") or [])
    return answer


def _log() -> Path | None:
    """The file MTD_MAIL_LOG, which keeps mails over restarts, as JSON lines."""
    name = os.environ.get("MTD_MAIL_LOG")
    return Path(name) if name else None


def _remember(mail: Any) -> None:
    if log := _log():
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(mail, default=str) + "\n")


def keep_bulk_mails() -> None:
    """Serve the operation from here, and /_aws/ses with the mails of earlier runs too."""
    provider.SesProvider.send_bulk_templated_email = send_bulk_templated_email
    log = _log()
    if log and log.exists():
        for line in log.read_text("utf-8").splitlines():
            try:
                mail = json.loads(line)
            except ValueError:
                # The last line of a LocalStack that was killed while writing.
                continue
            provider.EMAILS[mail["Id"]] = mail
