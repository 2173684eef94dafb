"""The limits of a request whose sender is not known yet, in bytes and seconds."""

import asyncio
import time
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_FORM_BYTES = 512 * 1024
"""Of a form without files: a correction of 200 lines has some 200 kB."""
BODY_SECONDS = 30.0
"""For the whole body. A client that sends slower holds a connection for nothing."""


class BodyLimit:
    """Ends a request whose body is longer or slower than it may be, as the page asks for the body.

    `largest` has the paths that may have more bytes than a form. The page's own error handling answers: 413 or 408.
    """

    def __init__(self, app: ASGIApp, *, largest: Mapping[str, int], seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._largest = largest
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._largest.get(scope["path"], LARGEST_FORM_BYTES)
        await self._app(scope, _Body(receive, scope, most, self._seconds).receive, send)


class _Body:
    """One request's body on its way in."""

    def __init__(self, receive: Receive, scope: Scope, most: int, seconds: float) -> None:
        self._receive = receive
        self._most = most
        self._announced = _announced(scope)
        self._seconds = seconds
        self._deadline = 0.0
        self._bytes = 0
        self._whole = False

    async def receive(self) -> Message:
        """The next part. Raises HTTPException 413 before a part is read that would be too much, 408 for a late one."""
        if self._whole:
            return await self._receive()
        if self._announced > self._most:
            raise HTTPException(413)
        self._deadline = self._deadline or time.monotonic() + self._seconds
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408) from None
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            raise HTTPException(413)
        self._whole = not message.get("more_body", False)
        return message


def _announced(scope: Scope) -> int:
    """The length that the request names; 0 for one that names none, whose parts are counted."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:18])
    return 0
