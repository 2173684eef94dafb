"""Login, logout, and what a browser remembers: language and theme."""

import secrets
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from starlette.responses import Response

from portal.access.accounts import Credentials, Login
from portal.access.balancer import COOKIES, HEADER
from portal.rendering.context import Context
from portal.rendering.formats import LOCALES
from portal.rendering.problem import ProblemContext
from portal.visit import LOGIN_COOKIE, SESSION_COOKIE, THEMES, Visit

_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginContext(Context):
    """The form, with the token that its cookie repeats; `problem` is a key of the catalogue, `next` the page wanted."""

    template: ClassVar[str] = "people/login.html"

    csrf: str
    name: str
    problem: str
    next: str


def show_login(visit: Visit) -> Response:
    """The form; behind a load balancer that logs people in, the session at once, or a refusal."""
    if visit.services.authenticator.has_form:
        return _form(visit)
    login = visit.services.authenticator.log_in(
        Credentials(token=visit.request.headers.get(HEADER, ""), address=visit.address)
    )
    if login.user_id is None:
        return visit.answer(403, ProblemContext(kind="forbidden"))
    return _open(visit, login, visit.request.query_params.get("next", ""))


def log_in(visit: Visit) -> Response:
    """Opens a session, or shows the form again without saying which of the two was wrong."""
    if not visit.services.authenticator.has_form:
        return visit.go("/login")
    name = visit.form.get("name", "")
    attempt = Credentials(name=name, password=visit.form.get("password", ""), address=visit.address)
    login = visit.services.authenticator.log_in(attempt)
    if login.user_id is None:
        return _form(visit, name=name, problem="login.throttled" if login.throttled else "login.wrong", status=401)
    return _open(visit, login, visit.form.get("next", ""))


def _open(visit: Visit, login: Login, wanted: str) -> Response:
    assert login.user_id is not None
    agent = visit.request.headers.get("user-agent", "")
    token = visit.services.sessions.open(login.tenant, login.user_id, visit.address, agent)
    visit.services.audit.record(
        tenant=login.tenant, user=login.name, address=visit.address, action="log_in", subject="session"
    )
    response = visit.go(_local(wanted))
    _set(visit, response, SESSION_COOKIE, token, httponly=True)
    response.delete_cookie(LOGIN_COOKIE)
    return response


def log_out(visit: Visit) -> Response:
    visit.services.sessions.close(visit.who.tenant, visit.who.session_id, visit.who.name)
    visit.record("log_out", "session")
    response = visit.go("/login")
    for name in (SESSION_COOKIE, *(() if visit.services.authenticator.has_form else COOKIES)):
        response.delete_cookie(name)
    return response


def prefer(visit: Visit) -> Response:
    """Keeps language or theme in a cookie."""
    response = visit.go(_local(visit.form.get("back", "")))
    for name, known in (("locale", LOCALES), ("theme", THEMES)):
        value = visit.form.get(name, "")
        if value in known:
            _set(visit, response, name, value, max_age=_YEAR_SECONDS)
    return response


def _form(visit: Visit, *, name: str = "", problem: str = "", status: int = 200) -> Response:
    token = visit.request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe(24)
    wanted = visit.form.get("next") or visit.request.query_params.get("next", "")
    response = visit.answer(status, LoginContext(csrf=token, name=name, problem=problem, next=wanted))
    _set(visit, response, LOGIN_COOKIE, token, httponly=True)
    return response


def _set(
    visit: Visit, response: Response, name: str, value: str, *, httponly: bool = False, max_age: int | None = None
) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path="/", secure=visit.services.settings.secure, httponly=httponly, samesite="lax"
    )


def _local(path: str) -> str:
    """A path of the portal itself: nobody is sent elsewhere by a link."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if ours else "/"
