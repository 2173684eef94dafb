"""Calls of connected systems over HTTP."""

import email.utils
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import urllib3

from mtd.adapters.systems.addresses import AllowedAddresses
from mtd.adapters.systems.credentials import SystemCredentials, malformed, read_credentials
from mtd.adapters.systems.guarded_pool import guarded_pool
from mtd.domain.errors import BusinessError, InvalidRequest, MtdError, NoAnswerError
from mtd.domain.systems.system import System
from mtd.usecases.systems.ports import UNREADABLE, SystemAnswer, SystemRequest

LARGEST_ANSWER = 256 * 1024
"""Bytes of an answer, unpacked. Its values stay with the order."""
_KEPT_SECONDS = 300.0
"""How long a secret is used before it is read again. A refusal of the credentials has it read at once."""
_CHUNK = 64 * 1024
_SHOWN = 300
_BODILESS = frozenset({"GET", "DELETE"})


@dataclass(slots=True)
class _Access:
    """The access to one system: its credentials, its connections, and its token."""

    credentials: SystemCredentials | None
    pool: urllib3.PoolManager
    read_at: float
    token: str = ""
    token_until: float = 0.0
    lock: Lock = field(default_factory=Lock)


class HttpSystems:
    """Serves `systems.ports.SystemConnection`. `secret` reads a secret's text by its name."""

    def __init__(
        self,
        allowed: AllowedAddresses,
        secret: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed = allowed
        self._secret = secret
        self._clock = clock
        self._accesses: dict[str | None, _Access] = {}
        self._lock = Lock()

    def send(self, system: System, request: SystemRequest, timeout_seconds: float) -> SystemAnswer:
        self._check(system.url)
        access = self._access(system.secret)
        answer = self._send(access, system, request, timeout_seconds)
        if answer.status == 401 and access.credentials is not None:
            # The secret may have been rotated, or the token withdrawn. RFC 6750, 3.1: then another token may do.
            renewed = self._access(system.secret, renewed=access)
            return self._send(renewed, system, request, timeout_seconds)
        return answer

    def _send(self, access: _Access, system: System, request: SystemRequest, timeout_seconds: float) -> SystemAnswer:
        headers = {"Accept": "application/json", "User-Agent": "MTD"}
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        headers |= self._headers(access, timeout_seconds)
        url, body = system.url + request.path, None
        if request.method not in _BODILESS:
            headers["Content-Type"] = "application/json"
            body = json.dumps(dict(request.body or {}), separators=(",", ":")).encode()
        elif request.body:
            url += f"?{urlencode(_query(request.body))}"
        return self._call(access.pool, request.method, url, body, headers, timeout_seconds)

    def _call(
        self,
        pool: urllib3.PoolManager,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_seconds: float,
    ) -> SystemAnswer:
        # Queries may hold personal data: messages name the path alone.
        where, until = f"{method} {url.partition('?')[0]}", self._clock() + timeout_seconds
        timeout = urllib3.Timeout(connect=min(3.0, timeout_seconds), read=timeout_seconds)
        try:
            answer = pool.request(
                method, url, body=body, headers=headers, timeout=timeout, redirect=False, preload_content=False
            )
            try:
                content = self._content(answer, until, where)
            except BaseException:
                answer.close()
                raise
            answer.release_conn()
        except urllib3.exceptions.NewConnectionError as error:
            raise NoAnswerError(f"{where}: no connection", code="unreachable") from error
        except urllib3.exceptions.TimeoutError as error:
            raise NoAnswerError(f"{where} did not answer within {timeout_seconds:g} s", code="timed_out") from error
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswerError(f"{where}: {type(error).__name__}: {error}", code="unreachable") from error
        parsed, text = _parsed(content)
        return SystemAnswer(
            status=answer.status, content=parsed, text=text, retry_after=_retry_after(answer.headers.get("Retry-After"))
        )

    def _content(self, answer: urllib3.BaseHTTPResponse, until: float, where: str) -> bytes:
        """The whole answer. A server that sends it byte by byte is cut off, as is one that sends too much."""
        content = bytearray()
        while chunk := answer.read1(_CHUNK, decode_content=True):
            content += chunk
            if len(content) > LARGEST_ANSWER:
                raise BusinessError(f"{where} answered more than {LARGEST_ANSWER} bytes", code="answer_too_large")
            if self._clock() > until:
                raise NoAnswerError(f"{where} did not end its answer in time", code="timed_out")
        return bytes(content)

    def _check(self, url: str) -> None:
        try:
            self._allowed.check_url(url)
        except InvalidRequest as error:
            raise NoAnswerError(str(error), code=error.code) from None

    def _access(self, secret: str | None, renewed: _Access | None = None) -> _Access:
        """The access by that secret, read again when it is old, or was `renewed` for."""
        with self._lock:
            kept = self._accesses.get(secret)
            if kept is not None and kept is not renewed and self._clock() - kept.read_at < _KEPT_SECONDS:
                return kept
            made = self._read_access(secret, kept, fresh=renewed is not None)
            self._accesses[secret] = made
            return made

    def _read_access(self, secret: str | None, kept: _Access | None, *, fresh: bool) -> _Access:
        if secret is None:
            return _Access(credentials=None, pool=guarded_pool(self._allowed), read_at=self._clock())
        try:
            credentials = read_credentials(self._secret(secret))
        except NoAnswerError:
            raise
        except MtdError as error:
            raise NoAnswerError(f"the secret {secret} cannot be read", code="secret_unavailable") from error
        if kept is not None and not fresh and kept.credentials == credentials:
            kept.read_at = self._clock()
            return kept
        pool = guarded_pool(self._allowed, credentials.context())
        return _Access(credentials=credentials, pool=pool, read_at=self._clock())

    def _headers(self, access: _Access, timeout_seconds: float) -> dict[str, str]:
        if access.credentials is None or access.credentials.kind != "oauth2":
            return {} if access.credentials is None else access.credentials.headers()
        with access.lock:
            if not access.token or self._clock() >= access.token_until:
                access.token, lasts = self._token(access, timeout_seconds)
                access.token_until = self._clock() + lasts
            return {"Authorization": f"Bearer {access.token}"}

    def _token(self, access: _Access, timeout_seconds: float) -> tuple[str, float]:
        """A token, and the seconds for which it may be used. Its server may not be anywhere either."""
        assert access.credentials is not None
        url, headers, form = access.credentials.token_request()
        self._check(url)
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = self._call(access.pool, "POST", url, urlencode(form).encode(), headers, timeout_seconds)
        said = answer.content if isinstance(answer.content, dict) else {}
        token, lasts = said.get("access_token"), said.get("expires_in", 60)
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise NoAnswerError(f"the token server answered {answer.status}, without a token", code="token_refused")
        if any(each < "!" or each > "~" for each in token):
            raise malformed("the token server's token has characters that no header may have")
        return token, max(0.0, float(lasts) - 30) if isinstance(lasts, int | Decimal) else 30.0


def _query(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A request's fields as a query: what is None is left out, lists become several, the rest is JSON or text."""
    pairs = [
        (name, each)
        for name, value in body.items()
        for each in (value if isinstance(value, list) else [value])
        if each is not None
    ]
    return [(name, each if isinstance(each, str) else json.dumps(each)) for name, each in pairs]


def _parsed(content: bytes) -> tuple[Any, str]:
    """The JSON of an answer, and the beginning of one that is none."""
    if not content.strip():
        return {}, ""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number), ""
    except (ValueError, RecursionError):
        return UNREADABLE, content[:_SHOWN].decode(errors="replace")


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _retry_after(said: str | None) -> float | None:
    """The seconds of the header: a number of them, or a date (RFC 9110, 10.2.3)."""
    if not said:
        return None
    if said.strip().isdecimal():
        return float(said.strip()[:9])
    try:
        at = email.utils.parsedate_to_datetime(said)
        return max(0.0, (at - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
