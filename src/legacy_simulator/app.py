"""The simulator's application: four systems, their control, one ledger."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from legacy_simulator import control, json_systems, paperless, stubs
from legacy_simulator.faults import Faults
from legacy_simulator.ledger import Ledger
from legacy_simulator.own_hosts import OwnHosts
from legacy_simulator.performing import Simulator


def create_app(ledger_path: Path | str) -> Starlette:
    """The ASGI application with its ledger at that path (':memory:' for tests)."""
    simulator = Simulator(ledger=Ledger(ledger_path), faults=Faults())
    connected = stubs.Stubs(simulator)

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/health", health),
            *json_systems.routes(simulator),
            *paperless.routes(simulator),
            *stubs.routes(connected),
            *control.routes(simulator, connected.names),
        ],
        # Requests of other sites' pages that change something need a preflight, which nothing here answers.
        middleware=[Middleware(OwnHosts)],
    )
