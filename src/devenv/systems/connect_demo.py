"""Demonstrates how a system is connected to a running instance: the first order through it, an outage, and its end.

It uses seed/systems/fraud: files alone, and the API. Afterwards the version that was active before is active again.
"""

import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from devenv.diagrams import diagram_files, process_demo
from devenv.orders.orders_client import OrdersClient
from devenv.problem import Problem
from devenv.running import Running
from devenv.systems.declaring import declare_here
from devenv.systems.system_files import read_systems

type Json = dict[str, Any]

FOLDER = Path("seed", "systems", "fraud")
FILES = ("systems.yaml", "purchase-order.bpmn", "purchase-order.bindings.yaml")
_SYSTEM, _PROCESS = "fraud", "purchase-order"
_DEADLINE_SECONDS = 300.0


@dataclass(slots=True)
class ConnectDemo:
    """A demonstration in a running instance. `figures` fills with what was measured."""

    running: Running
    person: str
    figures: Json = field(default_factory=dict)
    _report: Json = field(default_factory=dict)
    _numbers: list[str] = field(default_factory=list)
    _before: int | None = None

    @property
    def _api(self) -> OrdersClient:
        return self.running.orders_api()

    def connect(self) -> str:
        """Declare the system, import the diagram as a new version, and activate it. Returns the version's name."""
        project = self.running.instance.project
        self._before = _active(self._api)
        [found] = read_systems(project / FOLDER / FILES[0], "local")
        declare_here(self.running, found, self.person, real=False)
        file = diagram_files.file(project / FOLDER / FILES[1])
        [self._report] = self._api.call("POST", "/processes", body={"files": [file]})["reports"]
        if self._report["verdict"] != "ready":
            raise Problem(f"{file['name']} cannot run: {self._report['reason']}", fix="Correct the sheet.")
        self._activate(self._report["version"])
        return f"{_PROCESS} version {self._report['version']}"

    def first_order(self, began: float) -> str:
        """An order through the new system. Returns its number."""
        [number] = self._start(1)
        self._until_ended([number], lambda _: None)
        self.figures |= {
            "seconds_to_first_order": round(time.monotonic() - began, 1),
            "files": len(FILES),
            "lines_of_python": sum(Path(name).suffix == ".py" for name in FILES),
        }
        return number

    def outage(self, orders: int, tell: Callable[[int], None]) -> int:
        """Orders while the system does not answer, until all are parked. Returns how many."""
        self._fault({"outage": True})
        numbers = self._start(orders)
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while (parked := self._parked()) < orders:
            tell(parked)
            if time.monotonic() > deadline:
                raise Problem(f"{parked} of {orders} orders were parked.", fix="Read 'mtd systems' and 'mtd circuits'.")
            time.sleep(0.3)
        self.figures |= {"orders": len(self._numbers), "parked": parked}
        return len(numbers)

    def recovery(self, tell: Callable[[int], None]) -> int:
        """The system answers again, until all orders have ended. Returns how many."""
        began = time.monotonic()
        self._fault({"outage": False})
        ends = self._until_ended(self._numbers, tell)
        called = Counter(call["order"] for call in self._ledger() if call["order"] in set(self._numbers))
        self.figures |= {
            "seconds_to_drain": round(time.monotonic() - began, 1),
            "ended": dict(ends),
            "lost": len(self._numbers) - ends["completed"],
            "not_called": sum(number not in called for number in self._numbers),
            "called_twice": sum(count > 1 for count in called.values()),
        }
        return ends.total()

    @contextmanager
    def leaving_no_trace(self) -> Iterator[None]:
        """Afterwards the system answers, and new orders start on the version that was active before."""
        try:
            yield
        finally:
            self._fault({"outage": False})
            if self._before is not None:
                self._activate(self._before)

    def _start(self, orders: int) -> list[str]:
        numbers = sorted(process_demo.start(self._api, {**self._report, "process": _PROCESS}, orders, small=True))
        self._numbers += numbers
        return numbers

    def _until_ended(self, numbers: Sequence[str], tell: Callable[[int], None]) -> Counter[str]:
        wanted, deadline = set(numbers), time.monotonic() + _DEADLINE_SECONDS
        while True:
            ends = Counter(row["state"] for row in self._api.orders() if row["number"] in wanted and row["ended"])
            tell(ends.total())
            if ends.total() == len(wanted):
                return ends
            if time.monotonic() > deadline:
                raise Problem(f"{len(wanted) - ends.total()} orders did not end.", fix="Read 'mtd orders'.")
            time.sleep(0.2)

    def _activate(self, version: int) -> None:
        self._api.call("POST", f"/processes/{_PROCESS}/versions/{version}/activate", body={})

    def _parked(self) -> int:
        rows: list[Json] = self._api.call("GET", "/systems")["systems"]
        return sum(int(row["parked"]) for row in rows if row["system"] == _SYSTEM)

    def _fault(self, settings: Json) -> None:
        self._ask_simulator("PUT", f"/control/faults/{_SYSTEM}", settings)

    def _ledger(self) -> list[Json]:
        query = urllib.parse.urlencode({"system": _SYSTEM, "operation": "check"})
        entries: list[Json] = self._ask_simulator("GET", f"/control/ledger?{query}", None)["entries"]
        return entries

    def _ask_simulator(self, method: str, path: str, body: Json | None) -> Json:
        answer = urllib3.request(method, self.running.simulator + path, json=body, timeout=10, retries=False)
        if answer.status != 200:
            raise Problem(f"The simulator answered {answer.status} to {method} {path}.", fix="Read 'mtd status'.")
        return dict(answer.json())


def _active(api: OrdersClient) -> int | None:
    versions: list[Json] = api.call("GET", "/processes", {"process": _PROCESS})["versions"]
    return next((each["version"] for each in versions if each["active"] and each["process"] == _PROCESS), None)
