"""The project's own REST API as its clients call it: signed with SigV4, a refusal as the error that the API names."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from copy import copy
from typing import Any
from urllib.parse import quote, urlencode

from mtd.adapters.aws.signing import signed_headers
from mtd.domain.errors import Conflict, InvalidRequest, MtdError, NotFound, UnavailableError

REFUSED = "api_refused"
"""The code of an answer that is none of the API's own: a gateway's, or a server's error page."""
_SECONDS = 35.0
"""The gateway gives up after 29."""
_PAUSE_SECONDS = 0.3
_KINDS: Mapping[int, type[MtdError]] = {404: NotFound, 409: Conflict}


class SignedApi:
    """`url` is the root stack's ApiUrl output. Without `credentials` the process's own sign. Requests name a tenant
    after `of`. A GET that finds no answer is sent up to `tries` times."""

    def __init__(self, url: str, region: str, *, credentials: Any = None, tries: int = 1) -> None:
        self._url = url.rstrip("/")
        self._region = region
        self._credentials = credentials
        self._tries = tries
        self._headers = {"Content-Type": "application/json"}

    def of(self, tenant: str) -> "SignedApi":
        """The same client, for that tenant."""
        bound = copy(self)
        bound._headers = self._headers | {"X-MTD-Tenant": tenant}
        return bound

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | None] | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = _SECONDS,
    ) -> Any:
        """One request; the JSON of its answer. Values None in query and body are left out: API Gateway's models refuse
        null.

        Raises UnavailableError when the API does not answer or answers 5xx; InvalidRequest, NotFound or Conflict when
        it refuses: with the API's own code and message, or with the code `api_refused` for an answer that is not its
        own.
        """
        pairs = {name: value for name, value in (query or {}).items() if value}
        url = self._url + path + (f"?{urlencode(pairs, quote_via=quote)}" if pairs else "")
        given = None if body is None else {name: value for name, value in body.items() if value is not None}
        data = None if given is None else json.dumps(given).encode()
        for _ in range(self._tries - 1 if method == "GET" else 0):
            try:
                return self._send(method, url, data, seconds)
            except UnavailableError:
                time.sleep(_PAUSE_SECONDS)
        return self._send(method, url, data, seconds)

    def _send(self, method: str, url: str, data: bytes | None, seconds: float) -> Any:
        headers = signed_headers(
            method, url, data, self._headers, "execute-api", self._region, credentials=self._credentials
        )
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise _refusal(error.code, error.read().decode("utf-8", "replace")) from error
        except OSError as error:
            raise UnavailableError(f"the API does not answer: {error}", code="api_unavailable") from error
        except ValueError as error:
            raise UnavailableError(f"the API's answer is no JSON: {error}", code="api_unavailable") from error


def _refusal(status: int, text: str) -> MtdError:
    kind = _KINDS.get(status, InvalidRequest) if status < 500 else UnavailableError
    try:
        answer = json.loads(text)
        return kind(str(answer["message"])[:500], code=str(answer["code"]))
    except (ValueError, KeyError, TypeError):
        return kind(f"the API answered {status}: {text[:300]}", code=REFUSED)
