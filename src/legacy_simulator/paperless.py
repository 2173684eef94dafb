"""Paperless: issues tax documents with folios from CAF ranges; XML in, XML out with a code and a message.

A document is checked as the real one checks it: by the SII's schema, by its sums, and by the range of its folios.
Refusals that the SII itself would give have its codes: ENV-3-0, CAF-3-517, DTE-3-101.
"""

import uuid
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from legacy_simulator import folios
from legacy_simulator.faults import Broken, Refusal
from legacy_simulator.performing import Simulator
from legacy_simulator.sii_amounts import amount_errors
from legacy_simulator.sii_schema import NAMESPACE, schema_errors
from legacy_simulator.stamping import stamp

type Json = dict[str, Any]

CHILE = ZoneInfo("America/Santiago")
PURCHASE_ORDER = "801"
REPEATED = "DTE-3-101"
"""The SII's code for a folio that another document has."""
_PAGE = 500


def routes(simulator: Simulator) -> list[Route]:
    """Issue, recover by idempotency key or folio, void; list a day's documents, and the ranges of folios."""

    async def issue(request: Request) -> Response:
        content = await request.body()
        if problems := schema_errors(content):
            return _refused(*problems[0])
        document = _read(content)
        if problems := amount_errors(content):
            return _refused(*problems[0])
        try:
            result = await simulator.perform(
                "paperless",
                "issue",
                request.headers.get("idempotency-key", ""),
                document["order"],
                {"document_type": document["type"], "total": document["total"], "receiver": document["receiver"]},
                lambda: _issue(simulator, document),
            )
        except Refusal as refusal:
            return _refused(refusal.code, refusal.message)
        except Broken as broken:
            return Response(status_code=broken.status)
        if (result["TipoDTE"], result.get("MntTotal", document["total"])) != (document["type"], document["total"]):
            return _refused(REPEATED, "Folio ya recibido: la llave es de otro documento")
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
        ranges = "".join(_element("Caf", each) for each in folios.listed(simulator.ledger.db))
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


def _read(content: bytes) -> Json:
    """The fields that the stamp, the ledger and the faults need of a document that the schema takes."""
    root = ElementTree.fromstring(content)

    def text(path: str) -> str:
        return root.findtext(".//" + "/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))) or ""

    return {
        "type": int(text("TipoDTE")),
        "issuer": text("RUTEmisor"),
        "receiver": text("RUTRecep"),
        "day": text("FchEmis"),
        "name": text("RznSocRecep"),
        "total": text("Totales/MntTotal"),
        "item": text("Detalle/NmbItem"),
        "order": _order(root),
    }


def _order(root: ElementTree.Element) -> str | None:
    """The number of the purchase order: a long one is whole in the reference's reason only."""
    for reference in root.iter(f"{{{NAMESPACE}}}Referencia"):
        if reference.findtext(f"{{{NAMESPACE}}}TpoDocRef") == PURCHASE_ORDER:
            _, named, whole = (reference.findtext(f"{{{NAMESPACE}}}RazonRef") or "").partition("Orden ")
            return whole if named else reference.findtext(f"{{{NAMESPACE}}}FolioRef")
    return None


def _issue(simulator: Simulator, document: Json) -> Json:
    now = datetime.now(UTC).astimezone(CHILE)
    folio, caf = folios.take(simulator.ledger.db, document["issuer"], document["type"], now.date())
    return {
        "TipoDTE": document["type"],
        "Folio": folio,
        "FechaEmision": document["day"],
        "MntTotal": document["total"],
        "RUTEmisor": document["issuer"],
        "TrackId": f"{uuid.uuid4().int % 10**10:010d}",
        "TED": stamp(caf, folio, document, now),
    }


def _listed(operation: Json) -> Json:
    fields = {"Llave": operation["key"], "MntTotal": operation["request"]["total"], "FolioRef": operation["order"]}
    result = {name: value for name, value in operation["result"].items() if name != "TED"}
    return {**result, **{name: value for name, value in fields.items() if value is not None}}


def _today() -> str:
    return datetime.now(UTC).astimezone(CHILE).date().isoformat()


def _answer(result: Json) -> Response:
    return _xml(_element("Respuesta", {"Codigo": 0, "Mensaje": "OK", **result}), 200)


def _element(name: str, fields: Json) -> str:
    return f"<{name}>{''.join(f'<{n}>{escape(str(value))}</{n}>' for n, value in fields.items())}</{name}>"


def _refused(code: str, message: str, status: int = 200) -> Response:
    text = f"<Respuesta><Codigo>{escape(code)}</Codigo><Mensaje>{escape(message)}</Mensaje></Respuesta>"
    return _xml(text, status)


def _xml(text: str, status: int) -> Response:
    return Response('<?xml version="1.0" encoding="UTF-8"?>' + text, status, media_type="application/xml")
