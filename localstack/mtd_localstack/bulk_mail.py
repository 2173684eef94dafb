"""SES's SendBulkTemplatedEmail: LocalStack counts such mails but keeps none for /_aws/ses. This does, rendered."""

import json
from typing import Any

from localstack.aws.api.ses import BulkEmailStatus, TemplateDoesNotExistException
from localstack.services.moto import call_moto
from localstack.services.ses import provider
from localstack.services.ses.models import SentEmail, SentEmailBody
from moto.ses.template import parse_template


def send_bulk_templated_email(
    _: Any,
    context: Any,
    source: str,
    template: str,
    default_template_data: str,
    destinations: list[dict[str, Any]],
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
        provider.save_for_retrospection(
            SentEmail(
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
        )
    return answer


def keep_bulk_mails() -> None:
    """Serve the operation from here."""
    provider.SesProvider.send_bulk_templated_email = send_bulk_templated_email
