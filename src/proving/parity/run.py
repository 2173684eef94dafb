"""Plays the scenarios in one instance, in parallel, and records the result of each."""

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from devenv.diagrams import diagram_files
from devenv.diagrams.process_demo import order
from proving.parity.order_file import OrderFile
from proving.parity.recording import Record, normalised
from proving.parity.scenarios import DRAWN, Scenario
from proving.parity.system import Json, System

_SIDE_BY_SIDE = 12
_SECONDS = 90.0
_SETTLED_SECONDS = 1.0
_FORM = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}},
    "required": ["approved"],
    "additionalProperties": False,
}


class ScenarioTimeout(Exception):
    """A step was not reached in time; the message has the last observation."""


def record(
    system: System, project: Path, scenarios: Sequence[Scenario], tell: Callable[[Scenario, Record], None]
) -> dict[str, Record]:
    """Every scenario's record by title; calls `tell` with each as it ends. Raises Problem when the system fails."""
    run = uuid.uuid4().hex[:6]
    found: dict[str, Record] = {}
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        played = {
            pool.submit(_ScenarioPlayer(system, project, f"PAR-{run}-{place:02}").play, scenario): scenario
            for place, scenario in enumerate(scenarios, 1)
        }
        for future in as_completed(played):
            scenario = played[future]
            found[scenario.title] = future.result()
            tell(scenario, found[scenario.title])
    return {scenario.title: found[scenario.title] for scenario in scenarios}


class _ScenarioPlayer:
    """Plays one scenario."""

    def __init__(self, system: System, project: Path, number: str) -> None:
        self._system = system
        self._project = project
        self._number = number
        self._sources: list[str] = []
        self._answers: list[Json] = []
        self._resting: list[Json] = []

    def play(self, scenario: Scenario) -> Record:
        problem = None
        try:
            for step, what in scenario.steps:
                getattr(self, f"_{step}")(self._filled(what))
        except ScenarioTimeout as error:
            problem = str(error)
        record = self._settled()
        if problem:
            record["late"] = problem
        return normalised(record, self._number)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("{n}", self._number).replace("{inbox}", self._system.inbox)
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        return {name: self._filled(each) for name, each in value.items()} if isinstance(value, dict) else value

    def _put(self, knobs: Json) -> None:
        suffix = f"-{knobs.pop('as')}" if "as" in knobs else ""
        replace, content = knobs.pop("replace", []), knobs.pop("file", None)
        if content is None:
            if "lines" in knobs:
                knobs["lines"] = tuple(tuple(line) for line in knobs["lines"])
            content = OrderFile(number=self._number, **knobs).xml()
        for this, that in replace:
            content = content.replace(this, that)
        self._sources.append(self._system.put(f"{self._number}{suffix}.xml", content.encode()))

    def _until(self, state: str) -> None:
        self._wait(lambda: self._system.order(self._number).get("state"), lambda seen: seen == state, state)

    def _rests(self, _: Json) -> None:
        """Waits until the waiting queue has the order; its row appears earlier, and stays during a push. Each receive
        hides messages from other receives for a moment."""
        self._resting = self._wait(self._waiting, bool, "in the waiting queue")

    def _waiting(self) -> list[Json]:
        listed = self._system.call("GET", "/waiting")[1].get("waiting", [])
        return [entry for entry in listed if entry["number"] == self._number]

    def _rejected(self, code: str) -> None:
        def reason() -> str:
            rows = self._system.rows(self._sources[-1])
            return str(rows[0]["reason"]) if rows else ""

        self._wait(reason, lambda seen: seen.startswith(f"{code}: "), code)

    def _rows(self, count: int) -> None:
        def ended() -> list[bool]:
            return [row["ended"] for row in self._system.rows(self._number)]

        self._wait(ended, lambda seen: seen == [True] * count, f"{count} rows that ended")

    def _mails(self, count: int) -> None:
        self._wait(lambda: len(self._system.mails(self._number)), lambda seen: seen >= count, f"{count} mails")

    def _fault(self, settings: Json) -> None:
        self._system.fault(self._number, settings)

    def _card(self, balance: str) -> None:
        self._system.set_card(f"GC-{self._number}", balance)

    def _send(self, what: Json) -> None:
        self._system.send(what["queue"], what["body"])

    def _call(self, what: list[Any]) -> None:
        status, body = self._system.call(*what)
        self._answers.append({"call": f"{what[0]} {what[1]}", "status": status, "body": body})

    def _process(self, _: Json) -> None:
        """Starts an order on the drawn process, which each run imports under a name of its own."""
        name = f"parity-{self._number[4:10].lower()}"
        file = diagram_files.file(self._project / DRAWN) | {"name": f"{name}.bpmn"}
        file["sheet"] = {"messages": {"Paid": "paid"}}
        self._call(["POST", "/processes", {"files": [file], "forms": {"approval": _FORM}}])
        self._call(["POST", f"/processes/{name}/versions/1/activate", {}])
        entry = {"order": order(self._number, large=False), "process": name, "version": None}
        self._call(["POST", "/orders", {"orders": [entry]}])

    def _task(self, what: Json) -> None:
        def tasks() -> list[Json]:
            listed = self._system.call("GET", f"/tasks?number={self._number}")[1]["tasks"]
            return [task for task in listed if task["name"] == what["name"]]

        [task] = self._wait(tasks, bool, f"the task {what['name']}")
        body = {
            "version": task["version"],
            "person": "ana",
            "groups": [task["group"]],
            "values": what.get("values", {}),
        }
        self._call(["POST", f"/tasks/{task['task_id']}/{what['action']}", body])

    def _wait[T](self, ask: Callable[[], T], accept: Callable[[T], bool], wanted: str) -> T:
        deadline = time.monotonic() + _SECONDS
        while True:
            seen = ask()
            if accept(seen):
                return seen
            if time.monotonic() > deadline:
                raise ScenarioTimeout(f"not within {_SECONDS:.0f} s: {wanted}; the last was {seen!r}")
            time.sleep(0.3)

    def _settled(self) -> Json:
        """The observation of the order, once it no longer changes."""
        seen = self._seen()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            time.sleep(_SETTLED_SECONDS)
            before, seen = seen, self._seen()
            if seen == before:
                break
        return seen

    def _seen(self) -> Json:
        system, number = self._system, self._number
        return {
            "answers": self._answers,
            "timeline": system.order(number),
            "rows": [row for name in (number, *self._sources) for row in system.rows(name)],
            "mails": system.mails(number),
            "ledger": system.ledger(number),
            "card": system.card(f"GC-{number}"),
            "waiting": self._resting,
        }
