"""Connections of browsers: one that does not send a whole request in time is closed."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 10.0
"""From the connection, or from the first byte of a further request, to the end of the request's headers."""


class ImpatientProtocol(H11Protocol):
    """uvicorn ends idle connections after a request, but waits for ever for the first one and for slow headers."""

    request_seconds = REQUEST_SECONDS
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def data_received(self, data: bytes) -> None:
        self._expect_request()
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def _expect_request(self) -> None:
        if self._waiting is None and self._is_between_requests():
            self._waiting = self.loop.call_later(self.request_seconds, self._give_up)

    def _give_up(self) -> None:
        self._waiting = None
        if self._is_between_requests() and not self.transport.is_closing():
            self.transport.close()

    def _is_between_requests(self) -> bool:
        # uvicorn declares the cycle as always there; it is None until the first request.
        cycle: object = self.cycle
        return cycle is None or self.cycle.response_complete
