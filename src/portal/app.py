"""The application: routes behind their guard, errors as pages, headers on everything."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mtd.domain.errors import Conflict, InvalidRequest, MtdError, NotFound, UnavailableError
from portal.access.body_limit import BodyLimit
from portal.access.guard import guarded
from portal.access.headers import SecurityHeaders
from portal.access.uploads import LARGEST_BYTES
from portal.rendering.problem import ProblemContext
from portal.routes import PAGES
from portal.services import Services
from portal.visit import SESSION_COOKIE, Visit

LOG = logging.getLogger(__name__)
_STATUSES: tuple[tuple[type[MtdError], int, str], ...] = (
    (InvalidRequest, 400, "invalid"),
    (NotFound, 404, "missing"),
    (Conflict, 409, "changed"),
    (UnavailableError, 503, "unavailable"),
)

_KINDS_OF_HTTP = {404: "missing", 405: "missing", 408: "too_slow", 413: "too_large"}

_PAGES_OF_FORMS = {"/waiting/push": "/exceptions", "/views": "/orders", "/views/delete": "/orders"}


def create_app(services: Services) -> Starlette:
    """The ASGI application; its pools open with it and close with it."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(services.open)
        yield
        await run_in_threadpool(services.close)

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/assets/{version}/{name}", services.assets.serve),
            *(Route(page.path, guarded(page, services), methods=[page.method]) for page in PAGES),
        ],
        middleware=[
            Middleware(SecurityHeaders, secure=services.settings.secure),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
            Middleware(BodyLimit, largest={page.path: LARGEST_BYTES for page in PAGES if page.files}),
        ],
        exception_handlers={
            MtdError: _problem(services),
            HTTPException: _problem(services),
            Exception: _problem(services),
        },
        lifespan=lifespan,
    )


def _problem(services: Services) -> Callable[[Request, Exception], Awaitable[Response]]:
    """An error as a page that says what happened and what to do; never what it looked like inside."""

    async def answer(request: Request, error: Exception) -> Response:
        status, kind = _kind(error)
        if status == 405 and request.method == "GET":
            # The address of what only a form sends to, opened again: its page.
            return RedirectResponse(
                _PAGES_OF_FORMS.get(request.url.path) or request.url.path.rpartition("/")[0] or "/", 303
            )
        if status >= 500:
            LOG.error("request failed", exc_info=error, extra={"path": request.url.path})
        shown = error if isinstance(error, MtdError) and status < 500 else None
        return await run_in_threadpool(_page, request, services, status, kind, shown)

    return answer


def _kind(error: Exception) -> tuple[int, str]:
    if isinstance(error, HTTPException):
        return error.status_code, _KINDS_OF_HTTP.get(error.status_code, "invalid")
    return next(((status, kind) for type_, status, kind in _STATUSES if isinstance(error, type_)), (500, "internal"))


def _page(request: Request, services: Services, status: int, kind: str, shown: MtdError | None) -> Response:
    session = None
    if status < 500:
        token = request.cookies.get(SESSION_COOKIE)
        session = services.sessions.find(token) if token else None
    visit = Visit(request=request, services=services, session=session, form={})
    return visit.answer(status, ProblemContext(kind=kind, detail=visit.explain(shown) if shown else ""))
