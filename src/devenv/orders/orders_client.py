"""The project's own REST API, asked as any client would: signed with SigV4."""

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
    """`url` is the root stack's ApiUrl output; without a `tenant` it is asked as the house."""

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
        """How many orders stand in each state."""
        return dict(cast(dict[str, Any], self.call("GET", "/summary"))["orders_by_state"])

    def waiting(self) -> list[Row]:
        return list(cast(dict[str, Any], self.call("GET", "/waiting"))["waiting"])

    def push_waiting(self, numbers: list[str] | None) -> list[Any]:
        """Pushes the waiting orders of those numbers, or all of them; what was pushed."""
        return list(cast(dict[str, Any], self.call("POST", "/waiting", body={"numbers": numbers}))["pushed"])

    def tenants(self) -> list[Row]:
        return list(cast(dict[str, Any], self.call("GET", "/tenants"))["tenants"])

    def add_tenant(self, code: str, name: str) -> Row:
        """Adds it, or gives the one that is there the name."""
        return cast(Row, self.call("POST", "/tenants", body={"code": code, "name": name}))

    def exceptions(self) -> list[Row]:
        """The causes of exceptions with their orders, waiting ones too."""
        return list(cast(dict[str, Any], self.call("GET", "/exceptions"))["exceptions"])

    def circuits(self) -> list[Row]:
        """The circuits of the legacy systems, with how many orders are parked for each."""
        return list(cast(dict[str, Any], self.call("GET", "/circuits"))["circuits"])

    def change_circuit(self, system: str, asked: Row) -> Row:
        """Opens, closes or sets one; how it is then."""
        return cast(Row, self.call("POST", f"/circuits/{urllib.parse.quote(system, safe='')}", body=asked))

    def operate(self, asked: Row) -> Row:
        """Starts an operation; how far it has come."""
        return cast(Row, self.call("POST", "/operations", body=asked))

    def operation(self, operation_id: int) -> Row:
        """How far an operation is, with all of its orders."""
        path = f"/operations/{operation_id}"
        found = cast(Row, self.call("GET", path))
        following = found["next"]
        while following is not None:
            page = cast(Row, self.call("GET", path, {"after": str(following)}))
            found["items"] += page["items"]
            following = page["next"]
        return found

    def stop_operation(self, operation_id: int, person: str) -> Row:
        """Stops it after the orders that it is at."""
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
        """One request; the JSON answer. A gateway's passing 5xx is asked again for a GET. Raises Problem."""
        pairs = {name: value for name, value in (query or {}).items() if value}
        url = self._url + path + (f"?{urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)}" if pairs else "")
        # API Gateway's models know no null: what is not said is left out.
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
                        fix="See 'mtd logs query_orders'.",
                    ) from error
            except (urllib.error.URLError, TimeoutError, OSError) as error:
                if method != "GET" or attempt == 2:
                    raise Problem(
                        f"The API at {self._url} cannot be reached ({error}).", fix="See 'mtd status'."
                    ) from error
            except ValueError as error:
                raise Problem(f"The API's answer to {method} {path} is no JSON.", fix="See 'mtd logs'.") from error
            time.sleep(0.3)
        raise AssertionError("unreachable")

    def _signed(self, method: str, url: str, data: bytes | None) -> urllib.request.Request:
        request = AWSRequest(method=method, url=url, data=data, headers=self._headers)
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(request)
        return urllib.request.Request(url, data=data, method=method, headers=dict(request.headers.items()))


def _refusal(status: int, body: str) -> Problem | None:
    """What the API itself says is wrong with a request, in its own sentence."""
    try:
        answer = json.loads(body)
        return Problem(f"{answer['message']} ({answer['code']}).") if status < 500 else None
    except (ValueError, KeyError, TypeError):
        return None
