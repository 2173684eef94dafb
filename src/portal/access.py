"""Who may see and do what: one way in for every route."""

import inspect
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal.accounts import Role
from portal.services import Services
from portal.sessions import Session
from portal.visit import Visit

SESSION_COOKIE = "mtd_session"
LOGIN_COOKIE = "mtd_login"
# A correction shows eight fields for each line of the order.
_MOST_FIELDS = 2_000

type Endpoint = Callable[[Visit], Response] | Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A route. `role` is the least one that may use it, None lets everybody in. A `house` page tells or changes what
    concerns all tenants. A `quiet` page asks by itself, so that it keeps no session alive."""

    path: str
    endpoint: Endpoint
    role: Role | None
    method: str = "GET"
    house: bool = False
    quiet: bool = False

    def admits(self, session: Session) -> bool:
        """Whether that person may use it."""
        return self.role is None or (session.role.may(self.role) and (session.house or not self.house))


def guarded(page: Page, services: Services) -> Callable[[Request], Awaitable[Response]]:
    """The page behind its session, its role and, for a POST, its CSRF token."""

    async def endpoint(request: Request) -> Response:
        token = request.cookies.get(SESSION_COOKIE)
        session = await run_in_threadpool(services.sessions.find, token, active=not page.quiet) if token else None
        form = await _form(request) if request.method == "POST" else {}
        visit = Visit(request=request, services=services, session=session, form=form)
        if page.role is not None and session is None:
            return _to_login(request)
        if session is not None and not page.admits(session):
            return await run_in_threadpool(_refused, visit, "forbidden")
        if request.method == "POST" and not _meant(visit):
            return await run_in_threadpool(_refused, visit, "csrf")
        if inspect.iscoroutinefunction(page.endpoint):
            answer: Response = await page.endpoint(visit)
            return answer
        return await run_in_threadpool(page.endpoint, visit)  # type: ignore[arg-type]

    return endpoint


async def _form(request: Request) -> dict[str, str]:
    form: FormData = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _meant(visit: Visit) -> bool:
    """Whether the form comes from a page of ours: it holds the session's token, or before a login the cookie's."""
    expected = visit.session.csrf if visit.session else visit.request.cookies.get(LOGIN_COOKIE, "")
    given = visit.form.get("csrf", "")
    return bool(expected) and secrets.compare_digest(expected.encode(), given.encode())


def _refused(visit: Visit, why: str) -> Response:
    return visit.answer(403, "problem.html", kind=why)


def _to_login(request: Request) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    if request.method != "GET" or request.url.path in {"/", "/stream"}:
        return RedirectResponse("/login", 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(wanted, safe='')}", 303)
