"""The local inbox: every mail that SES would have sent."""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.responses import Response

from mtd.domain.errors import NotFound
from portal.rendering.context import Context
from portal.visit import Visit

PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MailContext(Context):
    """A page of the mails that the text `q` is in, each with the address that opens it; `total` counts all of them,
    `next` is the address of the page that follows, or empty."""

    template: ClassVar[str] = "reporting/mail.html"

    mails: list[dict[str, Any]]
    total: int
    opened: dict[str, Any] | None
    q: str
    next: str


def show(visit: Visit) -> Response:
    """Raises NotFound on AWS, where SES delivers the mails."""
    if not visit.services.cloud.has_inbox:
        raise NotFound("this environment has no inbox: SES delivers its mails", code="inbox_unknown")
    asked = visit.request.query_params
    text, after = asked.get("q", "").strip(), asked.get("after", "")
    start = int(after) if after.isdecimal() and len(after) < 9 else 0
    mails = _with_text(visit.services.cloud.mails(), text)
    shown = mails[start : start + PAGE]
    opened = next((mail for mail in mails if mail["id"] == asked.get("mail", "")), shown[0] if shown else None)
    place = {"q": text} if text else {}
    return visit.page(
        MailContext(
            mails=[mail | {"href": _address(place, start, mail=mail["id"])} for mail in shown],
            total=len(mails),
            opened=opened,
            q=text,
            next=_address(place, start + PAGE) if len(mails) > start + PAGE else "",
        )
    )


def _with_text(mails: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    asked = text.casefold()
    return [mail for mail in mails if asked in f"{mail['to']} {mail['subject']} {mail['text']}".casefold()]


def _address(place: dict[str, str], after: int, **more: str) -> str:
    return f"/mail?{urlencode(more | place | ({'after': str(after)} if after else {}))}"
