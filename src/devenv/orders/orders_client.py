"""A client of MTD's REST API, which signs with SigV4."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from devenv.problem import Problem

Row = dict[str, Any]


class OrdersClient:
    """`url` is the root stack's output ApiUrl. Without a `tenant` the client acts for the platform tenant."""

    def __init__(self, url: str, credentials: Credentials, region: str, tenant: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._region = region
        self._headers = {"Content-Type": "application/json"} | ({"X-MTD-Tenant": tenant} if tenant else {})

    def orders(self, *, state: str | None = None, most: int | None = None) -> list[Row]:
        """The orders, newest first, page by page, at most `most`."""
        rows: list[Row] = []
        after: str | None = None
        while most is None or len(rows) < most:
            query = {"state": state, "limit": "200", "after": after}
            page = cast(dict[str, Any], self.call("GET", "/orders", query))
            rows += page["orders"]
            after = page.get("next")
            if not after:
                break
        return rows if most is None else rows[:most]

    def order(self, number: str) -> Row | None:
        """One order with its events; None when the number is not known."""
        return cast(
            Row | None,
            self.call("GET", f"/orders/{urllib.parse.quote(number, safe='')}", missing_is_none=True),
        )

    def by_state(self) -> dict[str, int]:
        """The number of orders in each state."""
        return dict(cast(dict[str, Any], self.call("GET", "/summary"))["orders_by_state"])

    def waiting(self) -> list[Row]:
        return list(cast(dict[str, Any], self.call("GET", "/waiting"))["waiting"])

    def push_waiting(self, numbers: list[str] | None) -> list[Any]:
        """Pushes the waiting orders of those numbers, or all, and returns the pushed orders."""
        return list(cast(dict[str, Any], self.call("POST", "/waiting", body={"numbers": numbers}))["pushed"])

    def tenants(self) -> list[Row]:
        return list(cast(dict[str, Any], self.call("GET", "/tenants"))["tenants"])

    def add_tenant(self, code: str, name: str) -> Row:
        """Adds the tenant, or renames an existing one."""
        return cast(Row, self.call("POST", "/tenants", body={"code": code, "name": name}))

    def exceptions(self) -> list[Row]:
        """The causes of exceptions and of waiting orders, each with its orders."""
        return list(cast(dict[str, Any], self.call("GET", "/exceptions"))["exceptions"])

    def circuits(self) -> list[Row]:
        """The circuits of the legacy systems, each with the number of its parked orders."""
        return list(cast(dict[str, Any], self.call("GET", "/circuits"))["circuits"])

    def change_circuit(self, system: str, asked: Row) -> Row:
        """Opens, closes or configures a circuit and returns it."""
        return cast(Row, self.call("POST", f"/circuits/{urllib.parse.quote(system, safe='')}", body=asked))

    def operate(self, asked: Row) -> Row:
        """Starts an operation and returns it."""
        return cast(Row, self.call("POST", "/operations", body=asked))

    def operation(self, operation_id: int) -> Row:
        """The operation with all its orders."""
        path = f"/operations/{operation_id}"
        found = cast(Row, self.call("GET", path))
        following = found["next"]
        while following is not None:
            page = cast(Row, self.call("GET", path, {"after": str(following)}))
            found["items"] += page["items"]
            following = page["next"]
        return found

    def stop_operation(self, operation_id: int, person: str) -> Row:
        """Stops the operation after the orders that it works on now."""
        return cast(Row, self.call("POST", f"/operations/{operation_id}/stop", body={"person": person}))

    def call(
        self,
        method: str,
        path: str,
        query: dict[str, str | None] | None = None,
        *,
        body: Row | None = None,
        missing_is_none: bool = False,
        seconds: float = 35.0,
    ) -> Any:
        """Sends one request and returns the JSON answer. A GET is repeated after a 5xx of the gateway. Raises
        Problem."""
        pairs = {name: value for name, value in (query or {}).items() if value}
        url = self._url + path + (f"?{urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)}" if pairs else "")
        # API Gateway's models do not allow null, so such fields are left out.
        said = None if body is None else {name: value for name, value in body.items() if value is not None}
        data = None if said is None else json.dumps(said).encode()
        for attempt in range(3):
            try:
                with urllib.request.urlopen(self._signed(method, url, data), timeout=seconds) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                text = error.read().decode("utf-8", "replace")[:500]
                if error.code == 404 and missing_is_none:
                    return None
                if (refusal := _refusal(error.code, text)) is not None:
                    raise refusal from error
                if error.code < 500 or method != "GET" or attempt == 2:
                    raise Problem(
                        f"The API answered {error.code} to {method} {path}: {text}",
                        fix="Read 'mtd logs query_orders'.",
                    ) from error
            except (urllib.error.URLError, TimeoutError, OSError) as error:
                if method != "GET" or attempt == 2:
                    raise Problem(
                        f"The API at {self._url} cannot be reached ({error}).", fix="Read 'mtd status'."
                    ) from error
            except ValueError as error:
                raise Problem(f"The API's answer to {method} {path} is not JSON.", fix="Read 'mtd logs'.") from error
            time.sleep(0.3)
        raise AssertionError("unreachable")

    def _signed(self, method: str, url: str, data: bytes | None) -> urllib.request.Request:
        request = AWSRequest(method=method, url=url, data=data, headers=self._headers)
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(request)
        return urllib.request.Request(url, data=data, method=method, headers=dict(request.headers.items()))


def _refusal(status: int, body: str) -> Problem | None:
    """The API's own message about a refused request, if the answer has one."""
    try:
        answer = json.loads(body)
        return Problem(f"{answer['message']} ({answer['code']}).") if status < 500 else None
    except (ValueError, KeyError, TypeError):
        return None
