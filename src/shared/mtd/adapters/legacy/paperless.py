"""Paperless, the tax document system: XML over HTTP, an answer of code and message."""

from datetime import date

from mtd.adapters.legacy.http import request, shown
from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, RetryableError, ShortageError
from mtd.domain.orders import xml
from mtd.domain.tax.folios import FolioSeries
from mtd.domain.tax.wire.document_xml import ENCODING, write
from mtd.usecases.ports import DteRequest, IssuedDte

_OK = "0"
_NO_FOLIOS = {"CAF_AGOTADO", "CAF-3-517"}
"""No folio is left, or the range (CAF) has lapsed: Paperless needs another range of the SII for the series."""


class HttpPaperless:
    """Serves `ports.Paperless`."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds

    def issue(self, request_: DteRequest) -> IssuedDte:
        content = write(request_.document)
        try:
            try:
                return read_answer(*self._call("POST", "/dte", request_.key, content))
            except BusinessError as refused:
                if refused.code not in _NO_FOLIOS:
                    raise
                series = FolioSeries(issuer=request_.document.issuer.rut, document_type=request_.document_type)
                raise ShortageError(str(refused), circuit=series.circuit, code=refused.code) from None
        except MtdError as failed:
            failed.payload = {
                "method": "POST",
                "path": "/dte",
                "key": request_.key,
                "body": shown(content.decode(ENCODING).encode()),
            }
            raise

    def recover(self, key: str) -> IssuedDte | None:
        status, content = self._call("GET", f"/dte/{key}", key, None)
        return None if status == 404 else read_answer(status, content)

    def _call(self, method: str, path: str, key: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {"Content-Type": f"application/xml; charset={ENCODING}", "Idempotency-Key": key}
        return request(method, self._base_url + path, body, headers, self._timeout_seconds)


def read_answer(status: int, content: bytes) -> IssuedDte:
    """Paperless's answer. Raises BusinessError for a refusal, RetryableError when the outcome is unknown."""
    if status >= 500 or status in (408, 429):
        kind = NoAnswerError if status >= 500 else RetryableError
        raise kind(f"Paperless answered {status}", code=f"http_{status}")
    try:
        fields = {child.tag: child.text for child in xml.parse(content).children}
    except MtdError as error:
        raise RetryableError(f"Paperless answered {status} without readable XML: {error}", code="unreadable") from None
    code, message = fields.get("Codigo", ""), fields.get("Mensaje", "")
    if code != _OK:
        raise BusinessError(message or f"Paperless refused with code {code}", code=code or "refused")
    try:
        document_type, folio = int(fields["TipoDTE"]), int(fields["Folio"])
        day = date.fromisoformat((fields["FechaEmision"] or "")[:10])
        return IssuedDte(
            document_type=document_type,
            folio=folio,
            issued_at=day.isoformat(),
            stamp=fields.get("TED"),
            track_id=fields.get("TrackId"),
        )
    except (KeyError, ValueError) as error:
        raise RetryableError(f"Paperless's answer lacks {error}", code="unreadable") from None
