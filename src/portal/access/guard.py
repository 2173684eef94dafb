"""Permissions: every route is guarded here."""

import inspect
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal.access.accounts import Role
from portal.access.sessions import Session
from portal.access.uploads import read_form, refuse_large, uploads
from portal.rendering.problem import ProblemContext
from portal.services import Services
from portal.visit import SESSION_COOKIE, Visit

# A correction shows eight fields for each line of the order.
_MOST_FIELDS = 2_000

type Endpoint = Callable[[Visit], Response] | Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A route. `role` is the least one that may use it, None lets everybody in. A `platform_only` page shows or
    changes what concerns all tenants. A `quiet` page is requested by a script, so that it keeps no session alive.
    `files` is how many files a form of it may have."""

    path: str
    endpoint: Endpoint
    role: Role | None
    method: str = "GET"
    platform_only: bool = False
    quiet: bool = False
    files: int = 0

    def admits(self, session: Session) -> bool:
        """Whether that person may use it."""
        return self.role is None or (session.role.may(self.role) and (session.is_platform or not self.platform_only))


def guarded(page: Page, services: Services) -> Callable[[Request], Awaitable[Response]]:
    """The page behind its session, its role and, for a POST, its CSRF token."""

    async def endpoint(request: Request) -> Response:
        token = request.cookies.get(SESSION_COOKIE)
        session = await run_in_threadpool(services.sessions.find, token, active=not page.quiet) if token else None
        if page.role is not None and session is None:
            return _to_login(request)
        visit = Visit(request=request, services=services, session=session, form={})
        if session is not None and not page.admits(session):
            return await run_in_threadpool(_refused, visit, "forbidden")
        # Read only from who may send it.
        if request.method == "POST":
            visit = await _with_form(visit, page)
        if request.method == "POST" and not _meant(visit):
            return await run_in_threadpool(_refused, visit, "csrf")
        if inspect.iscoroutinefunction(page.endpoint):
            answer: Response = await page.endpoint(visit)
            return answer
        return await run_in_threadpool(page.endpoint, visit)  # type: ignore[arg-type]

    return endpoint


async def _with_form(visit: Visit, page: Page) -> Visit:
    """Raises InvalidRequest for files that are too large."""
    form: FormData
    if page.files:
        refuse_large(visit.request)
        form = await read_form(visit.request, files=page.files, fields=_MOST_FIELDS)
    else:
        form = await visit.request.form(max_files=0, max_fields=_MOST_FIELDS)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return replace(visit, form=fields, files=await uploads(form))


def _meant(visit: Visit) -> bool:
    """Whether the form comes from a page of ours: it holds the session's token, or before a login the cookie's."""
    given = visit.form.get("csrf", "")
    return bool(visit.csrf) and secrets.compare_digest(visit.csrf.encode(), given.encode())


def _refused(visit: Visit, why: str) -> Response:
    return visit.answer(403, ProblemContext(kind=why))


def _to_login(request: Request) -> Response:
    """The login, which leads back: to the page that was asked for, or that has the form which was sent."""
    if request.headers.get("hx-request"):
        wanted = _own_page(request, request.headers.get("hx-current-url", ""))
        return Response(status_code=401, headers={"HX-Redirect": _login(wanted)})
    if request.method != "GET":
        return RedirectResponse(_login(_own_page(request, request.headers.get("referer", ""))), 303)
    return RedirectResponse(_login(request.url.path + (f"?{request.url.query}" if request.url.query else "")), 303)


def _login(wanted: str) -> str:
    return "/login" if wanted in {"", "/", "/stream"} else f"/login?next={quote(wanted, safe='')}"


def _own_page(request: Request, address: str) -> str:
    """The path of one of our pages; nothing of another host's."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "") if parts.netloc == request.url.netloc else ""
