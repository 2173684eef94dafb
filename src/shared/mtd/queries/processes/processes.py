"""Lists of process versions."""

from collections.abc import Mapping
from typing import Any

from mtd.domain.errors import NotFound
from mtd.queries.orders.orders import Reader
from mtd.sql import load

_SQL = load(__name__)


def list_versions(read: Reader, process: str | None) -> list[dict[str, Any]]:
    """The versions of one process or of all, the newest of each first, with their numbers of orders in flight."""
    return [
        {
            "process": row["process"],
            "version": row["version"],
            "name": row["name"],
            "active": row["active"],
            "retired_at": row["retired_at"].isoformat() if row["retired_at"] else None,
            "imported_at": row["imported_at"].isoformat(),
            "orders_in_flight": row["orders_in_flight"],
            "bindings": row["report"].get("bindings", []),
        }
        for row in read(_SQL["list_versions"], {"process": process})
    ]


def sample_document(read: Reader, number: str | None) -> dict[str, Any] | None:
    """The document of the newest order with that number, or of the newest of all; None when there is none."""
    rows = read(_SQL["sample_order"], {"number": number})
    return rows[0]["document"] if rows else None


def process_version(read: Reader, process: str, version: int) -> dict[str, Any]:
    """A version; `places` are its orders by step, `counts` the same by the diagram's element, `inside` as `enclosing`
    says; `times` are the p50 and p95 seconds that orders of the process stood at each step within seven days, with
    `element`. Raises NotFound."""
    found = read(_SQL["process_version"], {"process": process, "version": version})
    if not found:
        raise NotFound(f"process {process!r} has no version {version}", code="process_version_unknown")
    places = read(_SQL["version_places"], {"process_version_id": found[0]["process_version_id"]})
    # An order that a person put back has been at an end event, where no time counts.
    elements = {node["id"]: node.get("element") for node in found[0]["plan"]["nodes"] if node["kind"] != "end"}
    counts = {element: row["orders"] for row in places if (element := elements.get(row["node"]))}
    times = read(_SQL["version_times"], {"process": process})
    shown = [{**row, "element": elements[row["node"]]} for row in times if row["node"] in elements]
    inside = enclosing(found[0]["plan"])
    return {**found[0], "places": places, "counts": counts, "times": shown, "inside": inside}


def enclosing(plan: Mapping[str, Any]) -> dict[str, str]:
    """The element around each element: a sub-process, or the call of another process.

    Pages show an element of another diagram or of a closed sub-process at the element around it.
    """
    elements = {node["id"]: node["element"] for node in plan["nodes"] if node.get("element")}
    scopes = ((node.get("element"), elements.get(node.get("scope"))) for node in plan["nodes"])
    return {element: scope for element, scope in scopes if element and scope}
