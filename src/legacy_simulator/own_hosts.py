"""Refuses requests to a public name: a page whose site an attacker points at this machine could set faults."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class OwnHosts:
    """Serves this machine's address and names without a dot, which nobody can register."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_own(Headers(scope=scope).get("host", "")):
            refused = PlainTextResponse("the host is none of this machine's names\n", status_code=403)
            await refused(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_own(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "127.0.0.1" or "." not in name
