"""HTTP with kept connections: the legacy systems, and MTD's own API signed with the function's IAM identity."""

import json
from functools import cache
from typing import Any

import urllib3

from mtd.adapters.aws.signing import signed_headers
from mtd.domain.errors import BusinessError, MtdError, NoAnswerError, NotFound, ProcessError, RetryableError
from mtd.domain.json_types import Json

_LONGEST_PAYLOAD = 20_000
_RETRYABLE = {408, 425, 429, 500, 502, 503, 504}
_NO_SUCH_PATH = b"Missing Authentication Token"
"""API Gateway's answer (403) to a path or method that it does not have: MISSING_AUTHENTICATION_TOKEN in its list of
gateway responses."""


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


def _json(content: bytes) -> Json:
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
    return _json(content) if content and text.startswith("{") else text or None


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
            return _json(answer)
        error = _json(answer)
        code, message = str(error.get("code", f"http_{status}")), str(error.get("message", answer[:200]))
        if status in _RETRYABLE:
            kind = NoAnswerError if status >= 500 else RetryableError
            raise kind(f"{method} {path} answered {status}: {message}", code=code)
        if status == 404 and method == "GET":
            raise NotFound(message, code=code)
        raise BusinessError(message, code=code)


class FunctionsApi:
    """MTD's own REST API behind IAM auth; serves `ports.StatesApi`.

    API Gateway itself waits 29 s for the function behind it (REST APIs' integration time-out) and then answers 504: who
    waits a little longer hears of it, and knows that the call may have been carried out."""

    def __init__(self, base_url: str, region: str, timeout_seconds: float = 31.0) -> None:
        self._base_url = base_url
        self._region = region
        self._timeout_seconds = timeout_seconds

    def post(self, path: str, body: Json) -> Json:
        content = json.dumps(body, separators=(",", ":")).encode()
        url = self._base_url + path
        headers = {"Content-Type": "application/json"}
        signed = signed_headers("POST", url, content, headers, "execute-api", self._region)
        return answer_of(path, *request("POST", url, content, signed, self._timeout_seconds))


def answer_of(path: str, status: int, content: bytes) -> Json:
    """The answer of a function of MTD's API to a POST. Raises RetryableError or MtdError as `ports.StatesApi` says."""
    if status < 300:
        return _json(content)
    message = f"POST {path} answered {status}: {content[:300].decode(errors='replace')}"
    if status in _RETRYABLE:
        # 500 and 502 come from a function that failed on this request, the others from API Gateway alone.
        raise RetryableError(message, code="api_failed" if status in (500, 502) else "api_unavailable")
    if status == 404 or (status == 403 and _NO_SUCH_PATH in content):
        raise ProcessError(f"the API has no path {path!r}", code="nobody_serves")
    raise MtdError(message, code="api_refused")
