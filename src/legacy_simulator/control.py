"""The control API: faults, cards, CAF ranges and the ledger, for tests."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from legacy_simulator import folios
from legacy_simulator.performing import Simulator

SYSTEMS = ("gift_card", "eom", "paperless", "sales_support")


def routes(simulator: Simulator, connected: Callable[[], list[str]]) -> list[Route]:
    """Everything under /control. `connected` lists the systems that have a stub."""

    async def list_faults(_: Request) -> JSONResponse:
        return JSONResponse({"faults": simulator.faults.listed()})

    async def set_fault(request: Request) -> JSONResponse:
        system, order = request.path_params["system"], request.path_params.get("order")
        if system not in (known := (*SYSTEMS, *connected())):
            return _problem(f"unknown system {system!r}: use one of {', '.join(known)}")
        try:
            settings: Any = await request.json()
            simulator.faults.set(system, order, settings)
        except (ValueError, TypeError) as error:
            return _problem(str(error))
        return JSONResponse({"system": system, "order": order, **settings})

    async def clear_faults(request: Request) -> JSONResponse:
        simulator.faults.clear(request.path_params.get("system"), request.path_params.get("order"))
        return JSONResponse({})

    async def ledger(request: Request) -> JSONResponse:
        query = request.query_params
        entries = simulator.ledger.entries(query.get("system"), query.get("order"), query.get("operation"))
        return JSONResponse({"entries": entries})

    async def counts(_: Request) -> JSONResponse:
        return JSONResponse({"counts": simulator.ledger.counts()})

    async def set_card(request: Request) -> JSONResponse:
        balance = str((await request.json())["balance"])
        simulator.ledger.db.execute(
            "insert into cards (number, balance) values (?, ?)"
            " on conflict (number) do update set balance = excluded.balance, held = '0'",
            (request.path_params["number"], balance),
        )
        return JSONResponse({"number": request.path_params["number"], "balance": balance})

    async def set_caf(request: Request) -> JSONResponse:
        document_type, body = request.path_params["type"], await request.json()
        folios.set_by_hand(simulator.ledger.db, document_type, body)
        return JSONResponse({"document_type": document_type, **body})

    return [
        Route("/control/faults", list_faults),
        Route("/control/faults", clear_faults, methods=["DELETE"]),
        Route("/control/faults/{system}", set_fault, methods=["PUT"]),
        Route("/control/faults/{system}", clear_faults, methods=["DELETE"]),
        Route("/control/faults/{system}/orders/{order:path}", set_fault, methods=["PUT"]),
        Route("/control/faults/{system}/orders/{order:path}", clear_faults, methods=["DELETE"]),
        Route("/control/ledger", ledger),
        Route("/control/counts", counts),
        Route("/control/cards/{number}", set_card, methods=["PUT"]),
        Route("/control/cafs/{type:int}", set_caf, methods=["PUT"]),
    ]


def _problem(message: str) -> JSONResponse:
    return JSONResponse({"code": "invalid_request", "message": message}, 400)
