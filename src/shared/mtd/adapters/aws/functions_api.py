"""MTD's own API as one function calls another: on kept connections, signed with the function's IAM identity."""

import json

from mtd.adapters.aws.signing import signed_headers
from mtd.adapters.legacy.http import RETRYABLE, json_object, request
from mtd.domain.errors import MtdError, ProcessError, RetryableError
from mtd.domain.json_types import Json

_NO_SUCH_PATH = b"Missing Authentication Token"
"""API Gateway's answer (403) to a path or method that it does not have: MISSING_AUTHENTICATION_TOKEN in its list of
gateway responses."""


class FunctionsApi:
    """MTD's own REST API behind IAM auth; serves `ports.StatesApi`.

    API Gateway waits 29 s for the function behind it (integration time-out of REST APIs) and then answers 504. The
    client waits a little longer, so that it gets this answer and knows that the call may have been carried out.
    """

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
        return json_object(content)
    message = f"POST {path} answered {status}: {content[:300].decode(errors='replace')}"
    if status in RETRYABLE:
        # 500 and 502 come from a function that failed on this request, the others from API Gateway alone.
        raise RetryableError(message, code="api_failed" if status in (500, 502) else "api_unavailable")
    if status == 404 or (status == 403 and _NO_SUCH_PATH in content):
        raise ProcessError(f"the API has no path {path!r}", code="nobody_serves")
    raise MtdError(message, code="api_refused")
