"""The local inbox: every mail that SES would have sent."""

from starlette.responses import Response

from mtd.domain.errors import NotFound
from portal.visit import Visit

_SHOWN = 200


def show(visit: Visit) -> Response:
    """Raises NotFound on AWS, where mails go to their readers."""
    if not visit.services.cloud.has_inbox:
        raise NotFound("there is no inbox in this home", code="inbox_unknown")
    text = visit.request.query_params.get("q", "").strip()
    mails = visit.services.cloud.mails()
    if text:
        asked = text.casefold()
        mails = [mail for mail in mails if asked in f"{mail['to']} {mail['subject']} {mail['text']}".casefold()]
    chosen = visit.request.query_params.get("mail", "")
    opened = next((mail for mail in mails if mail["id"] == chosen), mails[0] if mails else None)
    return visit.page("reporting/mail.html", mails=mails[:_SHOWN], total=len(mails), opened=opened, q=text)
