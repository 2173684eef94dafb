"""Faults of functions: killed processes, timeouts, stopped readers, an update of all functions, a stopped relay."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import WaiterError

from delivery.release import traffic
from delivery.targets.local import LocalTarget
from devenv.instance import ENVIRONMENT
from devenv.problem import Problem
from devenv.running import Running
from proving.chaos.plan import FaultKind, PlannedFault
from proving.chaos.record import FaultRecord
from proving.chaos.web import ask

_PREFIX = f"mtd-{ENVIRONMENT}-"
_CALL_FAULTS = {
    FaultKind.KILLED_BEFORE_COMMIT: "killed",
    FaultKind.KILLED_MIDWAY: "killed",
    FaultKind.KILLED_AFTER_COMMIT: "killed_answering",
    FaultKind.TIMED_OUT: "timed_out",
}
# A kill this early comes before every commit but the commit of a lease.
_EARLY_MS = 3.0
_SETTLED_SECONDS = 30.0
_UPDATE_SECONDS = 10


class FunctionFaults:
    """Injects faults through the emulator's executor, and through AWS's API for functions, mappings and rules."""

    def __init__(self, running: Running, record: FaultRecord) -> None:
        self._running = running
        self._record = record
        self._faults = f"{running.endpoint}/_mtd/faults"
        self._lambda: Any = running.clients.client("lambda")
        self._events: Any = running.clients.client("events")
        self._target = LocalTarget.of(running, bake_seconds=0)
        self._before: dict[str, str] = {}
        self._published: list[tuple[str, str]] = []
        ask("DELETE", self._faults)

    def arm(self, fault: PlannedFault) -> None:
        """Arms a fault for the function's next call."""
        body = {"function": _PREFIX + fault.victim, "kind": _CALL_FAULTS[fault.kind], "after_ms": fault.size}
        ask("POST", self._faults, body)

    def disarm(self) -> None:
        """Disarms the faults that have not struck, and records those that have."""
        kinds = {"killed_answering": FaultKind.KILLED_AFTER_COMMIT, "timed_out": FaultKind.TIMED_OUT}
        for struck in ask("DELETE", self._faults)["struck"]:
            killed = FaultKind.KILLED_BEFORE_COMMIT if struck["after_ms"] <= _EARLY_MS else FaultKind.KILLED_MIDWAY
            victim = struck["function"].removeprefix(_PREFIX)
            self._record.add(kinds.get(struck["kind"], killed), victim, at=struck["at"])

    def stop_reader(self, function: str) -> None:
        """Disables the function's event source mapping, so that nothing reads its queue."""
        self._enable(function, on=False)
        self._record.add(FaultKind.READER_STOPPED, function)

    def start_reader(self, function: str) -> None:
        self._enable(function, on=True)

    def _enable(self, function: str, *, on: bool) -> None:
        client = self._lambda
        pages = client.get_paginator("list_event_source_mappings").paginate()
        mappings = [one for page in pages for one in page["EventSourceMappings"]]
        for mapping in mappings:
            if f":{_PREFIX}{function}:" in mapping["FunctionArn"] + ":":
                client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)
                self._await_state(mapping["UUID"], "Enabled" if on else "Disabled")

    def _await_state(self, mapping: str, state: str) -> None:
        deadline = time.monotonic() + _SETTLED_SECONDS
        while self._lambda.get_event_source_mapping(UUID=mapping)["State"] != state:
            if time.monotonic() > deadline:
                raise Problem(f"An event source mapping did not become {state}.", fix="Read 'mtd logs localstack'.")
            time.sleep(0.1)

    def update_all(self) -> None:
        """A new version of every function of the same source, and all traffic on it at once, as a deployment does."""
        serving = traffic.serving(self._target)
        self._before = self._before or serving
        folders = self._running.instance.project / "src" / "lambdas"
        description = f"chaos {uuid.uuid4().hex[:8]}"
        updated = self._lambda.get_waiter("function_updated_v2")

        def publish(name: str) -> tuple[str, str]:
            source = folders / name.removeprefix(_PREFIX)
            # A function allows one update at a time. If LocalStack never ends an update, the function keeps its
            # version.
            try:
                updated.wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": _UPDATE_SECONDS})
            except WaiterError:
                return name, serving[name]
            self._lambda.update_function_code(FunctionName=name, S3Bucket="hot-reload", S3Key=str(source.resolve()))
            version = self._lambda.publish_version(FunctionName=name, Description=description)["Version"]
            return name, str(version)

        with ThreadPoolExecutor(4) as pool:
            versions = dict(pool.map(publish, serving))
        self._published += [(name, version) for name, version in versions.items() if version != serving[name]]
        traffic.shift(self._target, versions)
        self._record.add(FaultKind.UPDATED, count=sum(versions[name] != serving[name] for name in serving))

    def take_back(self) -> None:
        """Moves every function back to the version that it served before the run."""
        if self._before:
            traffic.back(self._target, self._before)
            for name, version in self._published:
                if version != self._before[name]:
                    self._lambda.delete_function(FunctionName=name, Qualifier=version)
            self._before, self._published = {}, []

    def stop_relay(self) -> None:
        """Disables the rule that calls relay_outbox."""
        for rule in self._relay_rules():
            self._events.disable_rule(Name=rule)
        self._record.add(FaultKind.RELAY_DEAD, "relay_outbox")

    def start_relay(self) -> None:
        for rule in self._relay_rules():
            self._events.enable_rule(Name=rule)

    def _relay_rules(self) -> list[str]:
        found = []
        for page in self._events.get_paginator("list_rules").paginate():
            for rule in page["Rules"]:
                targets = self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
                if any(f":{_PREFIX}relay_outbox" in target["Arn"] for target in targets):
                    found.append(rule["Name"])
        if not found:
            raise Problem("The rule that calls relay_outbox does not exist.", fix="Deploy the system again: 'make up'.")
        return found
