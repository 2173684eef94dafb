"""The drill: a version that fails gets all traffic of one function, its alarm takes it back, and no order is lost."""

import contextlib
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from delivery.packaging.artifacts import files_of, write_zip
from delivery.release import smoke, traffic
from delivery.targets.local import LocalTarget
from delivery.targets.target import Target
from devenv.console.steps import Steps
from devenv.orders import seeds
from devenv.problem import Problem
from devenv.running import Running

# Its like in docs/operations.md: a deployment that somebody got wrong.
_FAILING = "\n\ndef handler(event, context):\n    raise RuntimeError('drill: this version always fails')\n"
_ALARM_SECONDS = 300.0
_END_SECONDS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """`moments`: (seconds since the failing version got traffic, what). `states`: orders by the state they ended in;
    `lost` are those that did not end."""

    function: str
    alarms: list[str]
    moments: list[tuple[float, str]]
    put: int
    states: dict[str, int]
    lost: list[str]

    @property
    def passed(self) -> bool:
        return bool(self.alarms) and not self.lost and self.states == {"completed": self.put}


def run(running: Running, steps: Steps, function: str, orders: int, bake_seconds: float) -> DrillResult:
    """A third of the orders is put before, a third while the failing version serves, a third after. Raises Problem when
    there is no such function, or alarms are on before."""
    source = running.instance.project / "src" / "lambdas" / function
    if not (source / "handler.py").is_file():
        raise Problem(f"No function is named {function}.", fix="Use a folder's name under src/lambdas.", code=2)
    target = LocalTarget.of(running, bake_seconds=bake_seconds)
    with steps.step("No alarm is on"):
        if not traffic.wait_until_ok(target, _ALARM_SECONDS):
            raise Problem(
                f"Alarms are on: {', '.join(traffic.firing_alarms(target))}.",
                fix="Correct the cause of the alarms first.",
            )
    numbers = [f"DRILL-{uuid.uuid4().hex[:8]}-{index + 1}" for index in range(orders)]
    moments: list[tuple[float, str]] = []
    first, second, third = numbers[0::3], numbers[1::3], numbers[2::3]
    _put(target, running, first)
    with steps.step("Failing version serves, alarms watched", total=int(bake_seconds)) as step:
        with _failing_version(target, source) as version:
            began = time.monotonic()
            since: Callable[[], float] = lambda: time.monotonic() - began  # noqa: E731
            name = f"{target.prefix}{function}"
            before = {name: traffic.serving(target)[name]}
            try:
                traffic.shift(target, {name: version})
                moments.append((since(), f"all traffic of {function} moved to version {version}, which fails"))
                _put(target, running, second)
                moments.append((since(), f"{len(second)} orders put, {len(first)} were on their way"))
                alarms = traffic.bake(target, lambda passed: step.done(int(passed)))
                moments.append((since(), f"alarm: {', '.join(alarms)}" if alarms else "no alarm within the bake time"))
            finally:
                moved = traffic.back(target, before)
            moments.append((since(), f"traffic moved back to version {before[name]} ({len(moved)} function)"))
        step.note = ", ".join(alarms) or "no alarm"
    _put(target, running, third)
    moments.append((since(), f"{len(third)} orders put"))
    with steps.step("All orders end", total=orders) as step:
        rows, missing = seeds.wait_until_ended(running.orders_api(), set(numbers), seconds=_END_SECONDS, tell=step.done)
    moments.append((since(), "all orders ended" if not missing else f"{len(missing)} orders had not ended"))
    states: dict[str, int] = {}
    for row in rows:
        states[row["state"]] = states.get(row["state"], 0) + 1
    lost = sorted(missing)
    return DrillResult(function=function, alarms=alarms, moments=moments, put=orders, states=states, lost=lost)


@contextlib.contextmanager
def _failing_version(target: Target, source: Path) -> Iterator[str]:
    """A version of the function that fails, made of a copy; afterwards the function is as it was."""
    client = target.clients.client("lambda")
    name = f"{target.prefix}{source.name}"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / source.name
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        with (copy / "handler.py").open("a", encoding="utf-8") as handler:
            handler.write(_FAILING)
        archive = Path(folder) / "failing.zip"
        write_zip(archive, files_of(copy))
        content = archive.read_bytes()
    client.update_function_code(FunctionName=name, ZipFile=content)
    version = str(client.publish_version(FunctionName=name, Description="drill")["Version"])
    try:
        yield version
    finally:
        client.update_function_code(FunctionName=name, S3Bucket="hot-reload", S3Key=str(source.resolve()))
        client.delete_function(FunctionName=name, Qualifier=version)


def _put(target: Target, running: Running, numbers: list[str]) -> None:
    template = running.instance.project / "seed" / "orders" / "CL-2026-000001.xml"
    client, bucket = target.clients.client("s3"), running.output("InboxBucket")

    def one(number: str) -> None:
        client.put_object(Bucket=bucket, Key=f"orders/{number}.xml", Body=smoke.renumbered(template, number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, numbers))
