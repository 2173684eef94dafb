"""Paperless, the tax document system: XML over HTTP, an answer of code and message."""

from xml.sax.saxutils import escape

from mtd.adapters.legacy.http import request, shown
from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, RetryableError
from mtd.domain.orders import xml
from mtd.usecases.ports import DteRequest, IssuedDte

_OK = "0"


class HttpPaperless:
    """Serves `ports.Paperless`."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds

    def issue(self, request_: DteRequest) -> IssuedDte:
        content = _document(request_)
        try:
            return read_answer(*self._call("POST", "/dte", request_.key, content))
        except MtdError as failed:
            failed.payload = {"method": "POST", "path": "/dte", "key": request_.key, "body": shown(content)}
            raise

    def recover(self, key: str) -> IssuedDte | None:
        status, content = self._call("GET", f"/dte/{key}", key, None)
        return None if status == 404 else read_answer(status, content)

    def _call(self, method: str, path: str, key: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/xml; charset=utf-8", "Idempotency-Key": key}
        return request(method, self._base_url + path, body, headers, self._timeout_seconds)


def read_answer(status: int, content: bytes) -> IssuedDte:
    """What Paperless answered. Raises BusinessError when it refused, RetryableError when the fate is unknown."""
    if status >= 500 or status in (408, 429):
        kind = NoAnswerError if status >= 500 else RetryableError
        raise kind(f"Paperless answered {status}", code=f"http_{status}")
    try:
        fields = {child.tag: child.text for child in xml.parse(content).children}
    except MtdError as error:
        raise RetryableError(f"Paperless answered {status} with no XML: {error}", code="unreadable") from None
    code, message = fields.get("Codigo", ""), fields.get("Mensaje", "")
    if code != _OK:
        raise BusinessError(message or f"Paperless refused with code {code}", code=code or "refused")
    try:
        document_type, folio = int(fields["TipoDTE"]), int(fields["Folio"])
        return IssuedDte(document_type=document_type, folio=folio, issued_at=fields["FechaEmision"])
    except (KeyError, ValueError) as error:
        raise RetryableError(f"Paperless's answer lacks {error}", code="unreadable") from None


def _document(request_: DteRequest) -> bytes:
    """The SII's DTE in the parts that Paperless asks for; it signs, stamps and numbers it."""
    lines = "".join(
        f"<Detalle><NroLinDet>{number}</NroLinDet><NmbItem>{_text(name)}</NmbItem><QtyItem>{quantity}</QtyItem>"
        f"<PrcItem>{price}</PrcItem><MontoItem>{amount}</MontoItem></Detalle>"
        for number, (name, quantity, price, amount) in enumerate(request_.lines, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><DTE><Documento><Encabezado>'
        f"<IdDoc><TipoDTE>{request_.document_type}</TipoDTE></IdDoc>"
        f"<Receptor><RUTRecep>{request_.receiver_rut}</RUTRecep><RznSocRecep>{_text(request_.receiver_name)}"
        f"</RznSocRecep><GiroRecep>{_text(request_.receiver_activity)}</GiroRecep></Receptor>"
        f"<Totales><TpoMoneda>{request_.currency}</TpoMoneda><MntNeto>{request_.net}</MntNeto><IVA>{request_.tax}"
        f"</IVA><MntTotal>{request_.total}</MntTotal></Totales></Encabezado>{lines}"
        f"<Referencia><FolioRef>{_text(request_.order_number)}</FolioRef></Referencia>{_cancelled(request_)}"
        "</Documento></DTE>"
    ).encode()


def _cancelled(request_: DteRequest) -> str:
    """CodRef 1: the note cancels the document that it refers to (SII, Formato DTE, Referencia)."""
    if request_.cancels is None:
        return ""
    document_type, folio = request_.cancels
    return (
        f"<Referencia><TpoDocRef>{document_type}</TpoDocRef><FolioRef>{folio}</FolioRef><CodRef>1</CodRef></Referencia>"
    )


def _text(value: str) -> str:
    return escape("".join(c if c.isprintable() else " " for c in value))
