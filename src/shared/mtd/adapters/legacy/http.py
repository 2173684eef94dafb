"""HTTP with kept connections, and the legacy systems behind it."""

import json
from functools import cache
from typing import Any

import urllib3

from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, NotFound, RetryableError
from mtd.domain.json_types import Json

_LONGEST_PAYLOAD = 20_000
RETRYABLE = {408, 425, 429, 500, 502, 503, 504}


@cache
def pool() -> urllib3.PoolManager:
    """The environment's connections. They make no retries, because the token's back-off counts the tries."""
    return urllib3.PoolManager(maxsize=16, retries=False)


def request(
    method: str,
    url: str,
    body: bytes | None,
    headers: dict[str, str],
    timeout_seconds: float,
    retries: urllib3.Retry | bool = False,
) -> tuple[int, bytes]:
    """Status and content of the answer. `retries` is for callers whose tries nothing else counts.

    Raises NoAnswerError `timed_out` or `unreachable`. The server may have carried out a request that timed out.
    """
    timeout = urllib3.Timeout(connect=min(3.0, timeout_seconds), read=timeout_seconds)
    try:
        answer = pool().request(method, url, body=body, headers=headers, timeout=timeout, retries=retries)
    except urllib3.exceptions.TimeoutError as error:
        raise NoAnswerError(f"{method} {url} did not answer within {timeout_seconds:g} s", code="timed_out") from error
    except urllib3.exceptions.HTTPError as error:
        raise NoAnswerError(f"{method} {url}: {error}", code="unreachable") from error
    return answer.status, answer.data


def json_object(content: bytes) -> Json:
    try:
        value: Any = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def shown(content: bytes | None) -> Any:
    """A request's body as an incident keeps it: JSON or text, cut when it is very long."""
    text = (content or b"").decode(errors="replace")
    if len(text) > _LONGEST_PAYLOAD:
        return text[:_LONGEST_PAYLOAD] + "…"
    return json_object(content) if content and text.startswith("{") else text or None


class HttpLegacy:
    """A legacy system that speaks JSON; serves `ports.Legacy`."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds

    def call(self, method: str, path: str, body: Json | None, idempotency_key: str | None) -> Json:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        content = None if body is None else json.dumps(body).encode()
        try:
            return self._answer(method, path, content, headers)
        except MtdError as failed:
            failed.payload = {"method": method, "path": path, "key": idempotency_key, "body": shown(content)}
            raise

    def _answer(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Json:
        status, answer = request(method, self._base_url + path, content, headers, self._timeout_seconds)
        if status < 300:
            return json_object(answer)
        error = json_object(answer)
        code, message = str(error.get("code", f"http_{status}")), str(error.get("message", answer[:200]))
        if status in RETRYABLE:
            kind = NoAnswerError if status >= 500 else RetryableError
            raise kind(f"{method} {path} answered {status}: {message}", code=code)
        if status == 404 and method == "GET":
            raise NotFound(message, code=code)
        raise BusinessError(message, code=code)
