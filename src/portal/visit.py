"""One request of one person, as the pages see it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mtd.domain.errors import InvalidRequest, MtdError
from mtd.queries.orders.orders import Reader
from mtd.queries.reporting.control_room import state_names
from portal.access.accounts import Role
from portal.access.sessions import Session
from portal.access.uploads import Upload
from portal.clients.orders_api import OrdersApi
from portal.live import LiveFeed
from portal.rendering.catalogue import messages, preferred, say
from portal.rendering.context import Context, Frame
from portal.rendering.formats import LOCALES
from portal.rendering.typed import Mistyped
from portal.services import Services

SESSION_COOKIE = "mtd_session"
LOGIN_COOKIE = "mtd_login"
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`session` is None before the login; `form` holds what was posted, `files` what came with it."""

    request: Request
    services: Services
    session: Session | None
    form: Mapping[str, str]
    files: tuple[Upload, ...] = ()

    @property
    def who(self) -> Session:
        """The session of a page that asks for a role."""
        assert self.session is not None
        return self.session

    @property
    def read(self) -> Reader:
        """Answers named queries on orders, of the visitor's tenant; it can change nothing."""
        return self.services.read.of(self.who.tenant)

    @property
    def api(self) -> OrdersApi:
        """The way to change what is the tenant's."""
        return self.services.orders_api.of(self.who.tenant)

    @property
    def live(self) -> LiveFeed:
        return self.services.live_feeds.of(self.who.tenant)

    @property
    def address(self) -> str:
        """The visitor's address. The load balancer appends it to the header; a client may forge the rest."""
        if self.services.settings.secure and (forwarded := self.request.headers.get("x-forwarded-for")):
            return forwarded.rpartition(",")[2].strip()
        return self.request.client.host if self.request.client else "unknown"

    @property
    def locale(self) -> str:
        chosen = self.request.cookies.get("locale")
        return chosen if chosen in LOCALES else preferred(self.request.headers.get("accept-language", ""))

    @property
    def theme(self) -> str:
        chosen = self.request.cookies.get("theme")
        return chosen if chosen in THEMES else THEMES[0]

    @property
    def zone(self) -> ZoneInfo:
        """The browser's zone, which our script puts into a cookie; UTC until it has."""
        try:
            return ZoneInfo(self.request.cookies.get("zone", "").replace("%2F", "/") or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    @property
    def wants_part(self) -> bool:
        """Whether a script asks for the part of the page that it swaps. Going back asks for the whole page."""
        headers = self.request.headers
        return "hx-request" in headers and "hx-history-restore-request" not in headers

    @property
    def csrf(self) -> str:
        """The token that a form of the visitor must bring: the session's, before a login the login cookie's."""
        return self.session.csrf if self.session else self.request.cookies.get(LOGIN_COOKIE, "")

    def say(self, key: str, **values: object) -> str:
        return say(self.locale, key, **values)

    def explain(self, error: MtdError) -> str:
        """The error in the visitor's language. The system's own sentences are English: others get the code."""
        if isinstance(error, Mistyped):
            return self.say(f"typed.{error.code}", text=error.text)
        known = f"code.{error.code}"
        if known in messages(self.locale):
            return self.say(known)
        return str(error) if self.locale == "en" else self.say("code.unknown", code=error.code)

    def html(self, context: Context) -> str:
        """The context's template, with what every page has."""
        frame = Frame(
            who=self.session,
            may=self._may,
            csrf=self.csrf,
            path=self.request.url.path,
            back=self._back(),
            theme=self.theme,
            notice=self._notice(),
            environment=self.services.settings.environment,
            has_inbox=self.services.cloud.has_inbox,
        )
        states = state_names(self.read) if self.session else {}
        return self.services.templates.render(context, frame, locale=self.locale, zone=self.zone, states=states)

    def page(self, context: Context) -> Response:
        return self.answer(200, context)

    def answer(self, status: int, context: Context) -> Response:
        """A page of that status; no cache keeps it."""
        return HTMLResponse(self.html(context), status, headers={"Cache-Control": "no-store", "Vary": "HX-Request"})

    def go(self, path: str, notice: str = "", **values: object) -> Response:
        """See Other, with a message of the catalogue for the next page."""
        query = urlencode({"notice": notice, **values}) if notice else ""
        return RedirectResponse(path + (("&" if "?" in path else "?") + query if query else ""), 303)

    def record(self, action: str, subject: str, outcome: str = "done", *, tenant: str = "", **detail: Any) -> None:
        """Writes the audit of the visitor's tenant, or of the `tenant` that is named."""
        who = {"tenant": tenant or self.who.tenant, "user": self.who.name, "address": self.address}
        self.services.audit.record(**who, action=action, subject=subject, outcome=outcome, **detail)

    @contextmanager
    def recording(self, action: str, subject: str, **detail: Any) -> Iterator[dict[str, Any]]:
        """Audits the block: as done, with what it put into the dictionary, or with the code of its error."""
        result: dict[str, Any] = {}
        try:
            yield result
        except MtdError as error:
            self.record(action, subject, outcome=error.code, **detail)
            raise
        self.record(action, subject, **detail, **result)

    def number(self, name: str) -> int:
        """A posted whole number. Raises InvalidRequest."""
        value = self.form.get(name, "")
        if not value.isdecimal() or len(value) > 18:
            raise InvalidRequest(f"{name} must be a whole number", code="number_malformed")
        return int(value)

    def _may(self, role: str) -> bool:
        return self.session is not None and self.session.role.may(Role(role))

    def _back(self) -> str:
        """This page's own address; what was posted has none to come back to."""
        url = self.request.url.remove_query_params(("notice", "count"))
        return "/" if self.request.method == "POST" else url.path + (f"?{url.query}" if url.query else "")

    def _notice(self) -> str:
        key = f"notice.{self.request.query_params.get('notice', '')}"
        if key not in messages(self.locale):
            return ""
        count = self.request.query_params.get("count", "0")
        return self.say(key, count=int(count) if count.isdecimal() and len(count) < 10 else 0)
