"""Paperless: issues tax documents with folios from CAF ranges; XML in, XML out with a code and a message."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from legacy_simulator.faults import Broken, Refusal
from legacy_simulator.performing import Simulator

type Json = dict[str, Any]

_DEFAULT_CAF = (1, 10_000_000)
_PAGE = 500
_EXPIRING = frozenset((33, 61))
"""Types whose folios are good for six months from their authorisation: those that give a tax credit (SII, Resolución
Exenta 58 of 2017)."""
_TYPES = frozenset((33, 39, 61, 110, 112))


def routes(simulator: Simulator) -> list[Route]:
    """Issue, recover by idempotency key or folio, void; list a day's documents, and the ranges of folios."""

    async def issue(request: Request) -> Response:
        try:
            document = ElementTree.fromstring(await request.body())
            document_type = int(document.findtext(".//TipoDTE") or 0)
        except (ElementTree.ParseError, ValueError):
            return _refused("XML_INVALIDO", "the document is not readable")
        order = document.findtext(".//FolioRef")
        request_body = {"document_type": document_type, "total": document.findtext(".//MntTotal")}
        try:
            result = await simulator.perform(
                "paperless",
                "issue",
                request.headers.get("idempotency-key", ""),
                order,
                request_body,
                lambda: _issue(simulator, document_type),
            )
        except Refusal as refusal:
            return _refused(refusal.code, refusal.message)
        except Broken as broken:
            return Response(status_code=broken.status)
        return _answer(result)

    async def recover(request: Request) -> Response:
        try:
            result = await simulator.recover("paperless", request.path_params["key"])
        except Refusal as refusal:
            return _refused(refusal.code, refusal.message)
        except Broken as broken:
            return Response(status_code=broken.status)
        return _answer(result) if result else _refused("NO_EXISTE", "no document has that key", 404)

    async def by_folio(request: Request) -> Response:
        document_type, folio = int(request.path_params["type"]), int(request.path_params["folio"])
        for result in simulator.ledger.find_result("issue", "Folio", folio):
            if result["TipoDTE"] == document_type:
                return _answer(result)
        return _refused("NO_EXISTE", "no document has that folio", 404)

    async def by_day(request: Request) -> Response:
        query = request.query_params
        try:
            day, after = date.fromisoformat(query["fecha"]), int(query.get("desde", "0"))
        except (KeyError, ValueError):
            return _refused("FECHA_INVALIDA", "fecha must be a date and desde a number", 400)
        found = simulator.ledger.issued(day.isoformat(), after, _PAGE)
        documents = "".join(_element("Documento", _listed(each)) for each in found)
        following = f"<Siguiente>{found[-1]['id']}</Siguiente>" if len(found) == _PAGE else ""
        return _xml(f"<Respuesta><Codigo>0</Codigo><Mensaje>OK</Mensaje>{documents}{following}</Respuesta>", 200)

    async def cafs(_: Request) -> Response:
        rows = simulator.ledger.db.execute(
            "select c.document_type, first, last, next, authorised_on, expires_on from cafs c"
            " left join caf_dates d on d.document_type = c.document_type order by 1"
        )
        names = ("TipoDTE", "Desde", "Hasta", "Siguiente", "FechaAutorizacion", "FechaVencimiento")
        ranges = "".join(
            _element("Caf", {name: value for name, value in zip(names, row, strict=True) if value is not None})
            for row in rows
        )
        return _xml(f"<Respuesta><Codigo>0</Codigo><Mensaje>OK</Mensaje>{ranges}</Respuesta>", 200)

    async def void(request: Request) -> Response:
        document_type, folio = int(request.path_params["type"]), int(request.path_params["folio"])
        simulator.ledger.db.execute("insert or ignore into voided values (?, ?)", (document_type, folio))
        return _answer({"TipoDTE": document_type, "Folio": folio, "FechaEmision": _today()})

    return [
        Route("/paperless/dte", issue, methods=["POST"]),
        Route("/paperless/dte", by_day, methods=["GET"]),
        Route("/paperless/dte/{key}", recover),
        Route("/paperless/cafs", cafs),
        Route("/paperless/folios/{type:int}/{folio:int}", by_folio),
        Route("/paperless/folios/{type:int}/{folio:int}/void", void, methods=["POST"]),
    ]


def _issue(simulator: Simulator, document_type: int) -> Json:
    if document_type not in _TYPES:
        raise Refusal("TIPO_DESCONOCIDO", f"document type {document_type} is not issued here")
    db = simulator.ledger.db
    db.execute(
        "insert or ignore into cafs (document_type, first, last, next) values (?, ?, ?, ?)",
        (document_type, *_DEFAULT_CAF, _DEFAULT_CAF[0]),
    )
    authorised = datetime.now(UTC).date()
    expires = (authorised + timedelta(days=183)).isoformat() if document_type in _EXPIRING else None
    db.execute("insert or ignore into caf_dates values (?, ?, ?)", (document_type, authorised.isoformat(), expires))
    last, folio = db.execute("select last, next from cafs where document_type = ?", (document_type,)).fetchone()
    if folio > last:
        raise Refusal("CAF_AGOTADO", f"no folios are left for document type {document_type}")
    db.execute("update cafs set next = next + 1 where document_type = ?", (document_type,))
    return {"TipoDTE": document_type, "Folio": folio, "FechaEmision": _today()}


def _listed(operation: Json) -> Json:
    fields = {"Llave": operation["key"], "MntTotal": operation["request"]["total"], "FolioRef": operation["order"]}
    return {**operation["result"], **{name: value for name, value in fields.items() if value is not None}}


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _answer(result: Json) -> Response:
    return _xml(_element("Respuesta", {"Codigo": 0, "Mensaje": "OK", **result}), 200)


def _element(name: str, fields: Json) -> str:
    return f"<{name}>{''.join(f'<{n}>{escape(str(value))}</{n}>' for n, value in fields.items())}</{name}>"


def _refused(code: str, message: str, status: int = 200) -> Response:
    text = f"<Respuesta><Codigo>{escape(code)}</Codigo><Mensaje>{escape(message)}</Mensaje></Respuesta>"
    return _xml(text, status)


def _xml(text: str, status: int) -> Response:
    return Response('<?xml version="1.0" encoding="UTF-8"?>' + text, status, media_type="application/xml")
