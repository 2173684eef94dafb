"""The requests of a worker: ask for tasks, and report on each."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from mtd_worker.signing import Credentials, signed

type Json = dict[str, Any]


class LeaseLost(Exception):
    """The lease has run out: the task is another worker's, or done."""


class Unreachable(Exception):
    """MTD does not answer, or not now. The same request may work later."""


class Refusal(Exception):
    """MTD does not take the request: the worker is set up wrongly."""


class Client:
    """`url` is that of the API, with its stage; it has no trailing slash."""

    def __init__(self, url: str, region: str, system: str, worker: str, credentials: Credentials | None = None) -> None:
        self._url = f"{url.rstrip('/')}/work/{urllib.parse.quote(system, safe='')}"
        self._region = region
        self._worker = worker
        self._credentials = credentials

    def lease(self, most: int, wait_seconds: float, lease_seconds: float | None = None) -> list[Json]:
        """Up to `most` tasks, as soon as there is one. Raises Unreachable, Refusal."""
        asked: Json = {"most": most, "wait": wait_seconds}
        if lease_seconds is not None:
            asked["seconds"] = lease_seconds
        tasks: list[Json] = self._post("lease", asked, wait_seconds + 10)["tasks"]
        return tasks

    def complete(self, lease: str, answer: Json) -> None:
        """The work is done. Raises LeaseLost, Unreachable, Refusal."""
        self._post("complete", {"lease": lease, "answer": answer})

    def fail(self, lease: str, message: str, code: str = "worker_failed", retry_after: float | None = None) -> None:
        """The work may succeed later. Raises as `complete` does."""
        asked: Json = {"lease": lease, "code": code, "message": message[:500]}
        self._post("fail", asked | ({} if retry_after is None else {"retry_after": retry_after}))

    def error(self, lease: str, code: str, message: str) -> None:
        """The order is refused for good: it takes the task's error way. Raises as `complete` does."""
        self._post("error", {"lease": lease, "code": code[:80], "message": message[:500]})

    def _post(self, action: str, body: Json, seconds: float = 30.0) -> Json:
        url, content = f"{self._url}/{action}", json.dumps({"worker": self._worker, **body}).encode()
        # Read each time: temporary credentials are renewed by whoever started the process.
        headers = signed(url, content, self._region, self._credentials or Credentials.from_env())
        request = urllib.request.Request(url, content, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                found: Json = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            raise _error(error.code, error.read()) from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"{action}: {error}") from error


def _error(status: int, content: bytes) -> Exception:
    try:
        said = json.loads(content)
    except ValueError:
        said = {}
    code, message = str(said.get("code", "")), str(said.get("message", content[:200].decode(errors="replace")))
    if status == 409 and code == "lease_lost":
        return LeaseLost(message)
    if status == 429 or status >= 500:
        return Unreachable(f"{status}: {message}")
    return Refusal(f"{status} {code}: {message}")
