"""The one way to change an order: MTD's own API, each call signed with SigV4."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from copy import copy
from typing import Any
from urllib.parse import quote
from uuid import UUID

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from mtd.domain.errors import Conflict, InvalidRequest, MtdError, NotFound, UnavailableError

_SECONDS = 35
_KINDS: Mapping[int, type[MtdError]] = {404: NotFound, 409: Conflict}


class OrdersApi:
    """`url` is the root stack's ApiUrl output. It must be told for whom (`of`): the API refuses who is nobody."""

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._region = region
        self._session = boto3.Session(region_name=region)
        self._tenant = ""

    def of(self, tenant: str) -> "OrdersApi":
        """The same, for that tenant."""
        bound = copy(self)
        bound._tenant = tenant
        return bound

    def waiting(self) -> list[dict[str, Any]]:
        """The orders that rest in the waiting queue, the oldest first. Raises as `_call` does."""
        return list(self._call("GET", "/waiting")["waiting"])

    def push_waiting(self, numbers: list[str] | None) -> list[str]:
        """Pushes the waiting orders of those numbers, or all of them, back; what was pushed. Raises as `_call` does."""
        return list(self._call("POST", "/waiting", {"numbers": numbers})["pushed"])

    def archived(self, order_id: UUID) -> dict[str, Any]:
        """All that the archive has of an order. Raises as `_call` does."""
        return self._call("GET", f"/archive/{order_id}")

    def operate(self, body: Mapping[str, Any]) -> int:
        """Begins an operation on orders, or a dry run of one; its id. Raises as `_call` does."""
        return int(self._call("POST", "/operations", body)["operation_id"])

    def stop_operation(self, operation_id: int, person: str) -> None:
        """Leaves the orders that it has not come to. Raises as `_call` does."""
        self._call("POST", f"/operations/{operation_id}/stop", {"person": person})

    def do_task(self, task_id: int, action: str, body: Mapping[str, Any]) -> None:
        """Claims, completes and so on a person's task as they saw it. Raises as `_call` does."""
        self._call("POST", f"/tasks/{task_id}/{action}", body)

    def write_note(self, number: str, body: Mapping[str, Any]) -> None:
        """Keeps a person's note about an order. Raises as `_call` does."""
        self._call("POST", f"/orders/{quote(number, safe='')}/notes", body)

    def acknowledge_warning(self, warning_id: int, person: str) -> None:
        """Says that the person has seen it. Raises as `_call` does."""
        self._call("POST", f"/warnings/{warning_id}/acknowledge", {"person": person})

    def reconcile_dte(self, day: str | None) -> None:
        """Compares a day's tax documents with Paperless's, yesterday's if none is given. Raises as `_call` does."""
        self._call("POST", "/dte/reconciliations", {"day": day})

    def resolve_difference(self, difference_id: int, person: str, note: str) -> None:
        """Says that the person has seen to it, and how. Raises as `_call` does."""
        self._call("POST", f"/dte/differences/{difference_id}/resolve", {"person": person, "note": note})

    def change_process(self, process: str, version: int, action: str) -> None:
        """Activates or retires a version of a process. Raises as `_call` does."""
        self._call("POST", f"/processes/{quote(process, safe='')}/versions/{version}/{action}", {})

    def import_processes(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Imports diagrams; the report of each process in them. Raises as `_call` does."""
        return list(self._call("POST", "/processes", body)["reports"])

    def simulate(self, process: str, version: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """The way of a sample order through a version; nothing changes. Raises as `_call` does."""
        return self._call("POST", f"/processes/{quote(process, safe='')}/versions/{version}/simulate", body)

    def migrate(self, process: str, body: Mapping[str, Any]) -> int:
        """Rehearses, runs or reverses a migration of orders in flight; the operation. Raises as `_call` does."""
        return int(self._call("POST", f"/processes/{quote(process, safe='')}/migrations", body)["operation_id"])

    def change_circuit(self, system: str, body: Mapping[str, Any]) -> None:
        """Opens or closes a legacy system's circuit by hand. Raises as `_call` does."""
        self._call("POST", f"/circuits/{quote(system, safe='')}", body)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Raises UnavailableError when the API does not answer; InvalidRequest, NotFound or Conflict, with the API's
        own code and message, when it refuses."""
        # API Gateway's models know no null: what is not said is left out.
        said = None if body is None else {name: value for name, value in body.items() if value is not None}
        data = None if said is None else json.dumps(said).encode()
        url, headers = self._url + path, {"Content-Type": "application/json", "X-MTD-Tenant": self._tenant}
        request = AWSRequest(method=method, url=url, data=data, headers=headers)
        credentials = self._session.get_credentials()
        if credentials is None:
            raise UnavailableError("the portal has no AWS credentials", code="credentials_missing")
        SigV4Auth(credentials, "execute-api", self._region).add_auth(request)
        signed = urllib.request.Request(url, data=data, method=method, headers=dict(request.headers.items()))
        try:
            with urllib.request.urlopen(signed, timeout=_SECONDS) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            raise _refusal(error.code, error.read().decode("utf-8", "replace")) from error
        except (OSError, ValueError) as error:
            raise UnavailableError(f"the API does not answer: {error}", code="api_unavailable") from error


def _refusal(status: int, text: str) -> MtdError:
    kind = _KINDS.get(status, InvalidRequest) if status < 500 else UnavailableError
    try:
        told = json.loads(text)
        return kind(str(told["message"])[:500], code=str(told["code"]))
    except (ValueError, KeyError, TypeError):
        return kind(f"the API answered {status}: {text[:300]}", code="api_refused")
