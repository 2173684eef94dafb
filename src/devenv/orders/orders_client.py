"""A client of MTD's REST API, which signs with SigV4."""

import urllib.parse
from typing import Any, cast

from botocore.credentials import Credentials

from devenv.problem import Problem
from mtd.adapters.aws.signed_api import REFUSED, SignedApi
from mtd.domain.errors import MtdError, NotFound, UnavailableError

Row = dict[str, Any]
_TRIES = 3


class OrdersClient:
    """`url` is the root stack's output ApiUrl. Without a `tenant` the client acts for the platform tenant."""

    def __init__(self, url: str, credentials: Credentials, region: str, tenant: str | None = None) -> None:
        api = SignedApi(url, region, credentials=credentials, tries=_TRIES)
        self._api = api.of(tenant) if tenant else api

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

    def add_tenant(self, code: str, name: str, zone: str | None = None) -> Row:
        """Adds the tenant, or gives an existing one the name, and the time zone if one is given."""
        named = {"code": code, "name": name} | ({"zone": zone} if zone else {})
        return cast(Row, self.call("POST", "/tenants", body=named))

    def exceptions(self) -> list[Row]:
        """The causes of exceptions and of waiting orders, each with its orders."""
        return list(cast(dict[str, Any], self.call("GET", "/exceptions"))["exceptions"])

    def broken_invariants(self, seconds: int | None = None) -> list[Row]:
        """The invariants that do not hold, each with `invariant`, `tenant`, `subject` and `says`. `seconds` is how long
        an order, a mail or a message may stand."""
        query = {"invariants": "all", "seconds": None if seconds is None else str(seconds)}
        return list(cast(dict[str, Any], self.call("GET", "/audit", query))["broken"])

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
        try:
            return self._api.call(method, path, query=query, body=body, seconds=seconds)
        except NotFound as error:
            if missing_is_none:
                return None
            raise _problem(error, method, path) from error
        except MtdError as error:
            raise _problem(error, method, path) from error


def _problem(error: MtdError, method: str, path: str) -> Problem:
    """The API's own message about a refused request, or the reason why there is no answer."""
    if isinstance(error, UnavailableError) or error.code == REFUSED:
        return Problem(f"{method} {path}: {error}.", fix="Read 'mtd status' and 'mtd logs query_orders'.")
    return Problem(f"{error} ({error.code}).")
