"""Paperless's lists: the tax documents of a day, page by page, and the ranges of folios."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from mtd.adapters.legacy.http import request
from mtd.adapters.legacy.paperless import HttpPaperless
from mtd.domain.errors import MtdError, RetryableError, UnavailableError
from mtd.domain.orders import xml
from mtd.domain.tax.folios import FolioRange
from mtd.domain.tax.reconciliation import Issued

_MOST_PAGES = 10_000

type Call = Callable[[str, str, bytes | None, dict[str, str], float], tuple[int, bytes]]


class HttpRegister:
    """Serves `reconcile_dte.PaperlessRegister`. Raises UnavailableError for an answer that is missing or unreadable."""

    def __init__(self, base_url: str, timeout_seconds: float, call: Call = request) -> None:
        self._call = call
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds
        self.recover = HttpPaperless(base_url, timeout_seconds).recover

    def issued_on(self, day: date) -> list[Issued]:
        issued: list[Issued] = []
        following = "0"
        for _ in range(_MOST_PAGES):
            answer = self._ask(f"/dte?fecha={day.isoformat()}&desde={following}")
            issued += [_issued(_fields(each)) for each in answer.children if each.tag == "Documento"]
            following = _fields(answer).get("Siguiente", "")
            if not following:
                return issued
        raise UnavailableError("Paperless's list of documents does not end: its pages repeat", code="unreadable")

    def folio_ranges(self) -> list[FolioRange]:
        return [_range(_fields(each)) for each in self._ask("/cafs").children if each.tag == "Caf"]

    def _ask(self, path: str) -> xml.Element:
        try:
            status, content = self._call("GET", self._base_url + path, None, {}, self._timeout_seconds)
        except RetryableError as error:
            raise UnavailableError(str(error), code=error.code) from error
        if status != 200:
            raise UnavailableError(f"Paperless answered {status} to GET {path}", code=f"http_{status}")
        try:
            return xml.parse(content)
        except MtdError as error:
            raise UnavailableError(
                f"Paperless answered GET {path} without readable XML: {error}", code="unreadable"
            ) from None


def _fields(element: xml.Element) -> dict[str, str]:
    return {child.tag: child.text or "" for child in element.children}


def _issued(fields: dict[str, str]) -> Issued:
    try:
        amount = fields.get("MntTotal")
        return Issued(
            key=fields["Llave"],
            document_type=int(fields["TipoDTE"]),
            folio=int(fields["Folio"]),
            amount=Decimal(amount) if amount else None,
        )
    except (KeyError, ValueError, InvalidOperation) as error:
        raise UnavailableError(f"a document of Paperless's list lacks {error}", code="unreadable") from None


def _range(fields: dict[str, str]) -> FolioRange:
    try:
        expires = fields.get("FechaVencimiento")
        return FolioRange(
            issuer=fields.get("RUTEmisor") or None,
            document_type=int(fields["TipoDTE"]),
            left=max(0, int(fields["Hasta"]) - int(fields["Siguiente"]) + 1),
            expires_on=date.fromisoformat(expires) if expires else None,
        )
    except (KeyError, ValueError) as error:
        raise UnavailableError(f"a range of Paperless's folios lacks {error}", code="unreadable") from None
