"""The one way to change an order: MTD's own API, each call signed with SigV4."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from mtd.adapters.aws.signed_api import SignedApi


class OrdersApi:
    """The portal's calls of the API, bound to one tenant by `of`: the API refuses a call that names none.

    Every method raises as `SignedApi.call` does.
    """

    def __init__(self, api: SignedApi) -> None:
        self._api = api

    def of(self, tenant: str) -> "OrdersApi":
        """The same, for that tenant."""
        return OrdersApi(self._api.of(tenant))

    def waiting(self) -> list[dict[str, Any]]:
        """The orders that rest in the waiting queue, the oldest first."""
        return list(self._get("/waiting")["waiting"])

    def push_waiting(self, numbers: list[str] | None) -> list[str]:
        """Pushes the waiting orders of those numbers, or all of them, back; what was pushed."""
        return list(self._post("/waiting", {"numbers": numbers})["pushed"])

    def archived(self, order_id: UUID) -> dict[str, Any]:
        """The archived rows of an order."""
        return self._get(f"/archive/{order_id}")

    def operate(self, body: Mapping[str, Any]) -> int:
        """Begins an operation on orders, or a dry run of one; its id."""
        return int(self._post("/operations", body)["operation_id"])

    def stop_operation(self, operation_id: int, person: str) -> None:
        """Stops it before the orders that it has not come to."""
        self._post(f"/operations/{operation_id}/stop", {"person": person})

    def do_task(self, task_id: int, action: str, body: Mapping[str, Any]) -> None:
        """Claims, completes and so on a person's task as they saw it."""
        self._post(f"/tasks/{task_id}/{action}", body)

    def write_note(self, number: str, body: Mapping[str, Any]) -> None:
        """Keeps a person's note about an order."""
        self._post(f"/orders/{quote(number, safe='')}/notes", body)

    def acknowledge_warning(self, warning_id: int, person: str) -> None:
        """Records that the person has acknowledged it."""
        self._post(f"/warnings/{warning_id}/acknowledge", {"person": person})

    def reconcile_dte(self, day: str | None) -> None:
        """Compares a day's tax documents with Paperless's, yesterday's if none is given."""
        self._post("/dte/reconciliations", {"day": day})

    def resolve_difference(self, difference_id: int, person: str, note: str) -> None:
        """Records that the person has resolved it, and how."""
        self._post(f"/dte/differences/{difference_id}/resolve", {"person": person, "note": note})

    def change_process(self, process: str, version: int, action: str) -> None:
        """Activates or retires a version of a process."""
        self._post(f"/processes/{quote(process, safe='')}/versions/{version}/{action}", {})

    def import_processes(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Imports diagrams; the report of each process in them."""
        return list(self._post("/processes", body)["reports"])

    def rebind(self, process: str, version: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """Binds a version otherwise; the report, with the number of a new version if the body says `keep`."""
        return self._post(f"/processes/{quote(process, safe='')}/versions/{version}/rebind", body)

    def simulate(self, process: str, version: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """The way of a sample order through a version; nothing changes."""
        return self._post(f"/processes/{quote(process, safe='')}/versions/{version}/simulate", body)

    def migrate(self, process: str, body: Mapping[str, Any]) -> int:
        """Rehearses, runs or reverses a migration of orders in flight; the operation."""
        return int(self._post(f"/processes/{quote(process, safe='')}/migrations", body)["operation_id"])

    def change_circuit(self, system: str, body: Mapping[str, Any]) -> None:
        """Opens or closes a legacy system's circuit by hand."""
        self._post(f"/circuits/{quote(system, safe='')}", body)

    def try_system(self, system: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Sends a connected system the request of a task for an order; the request and what came back."""
        return self._post(f"/systems/{quote(system, safe='')}/try", body)

    def _get(self, path: str) -> dict[str, Any]:
        return dict(self._api.call("GET", path))

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._api.call("POST", path, body=body))
