"""From saving a function's file to its new code answering, on an instance of its own or a running one (--instance).

Prints a table for people and, as its last line, one JSON object: {"rounds", "p50_ms", "p95_ms", "max_ms"}; goal
p95_ms <= 250. The edited file is restored whatever happens; after a SIGKILL the next run restores it first."""

import argparse
import json
import platform
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import Any

# In place of this folder, whose portal.py is not the portal.
sys.path[:1] = [str(Path(__file__).parents[2])]

from devenv.instance import ENVIRONMENT, Instance  # noqa: E402
from devenv.problem import Problem  # noqa: E402
from devenv.running import Running  # noqa: E402
from tests.performance.measured import measured_instance  # noqa: E402

_DEADLINE_SECONDS = 10.0
_GOAL_P95_MS = 250
_APPENDED = """

_real_handler = handler  # measured by tests/performance/reload.py


def handler(event, context):  # type: ignore[no-untyped-def]
    if "reload_round" in event:
        return {{"reload_round": {round}}}
    return _real_handler(event, context)
"""


class EditedFile:
    """A file that is as it was when the block ends; a copy under .mtd survives even a SIGKILL."""

    def __init__(self, path: Path, copy: Path) -> None:
        self._path = path
        self._copy = copy
        if copy.exists():
            self.save(copy.read_bytes())
            copy.unlink()
        self.original = path.read_bytes()

    def __enter__(self) -> "EditedFile":
        self._copy.parent.mkdir(parents=True, exist_ok=True)
        self._copy.write_bytes(self.original)
        return self

    def __exit__(self, *_: object) -> None:
        self.save(self.original)
        self._copy.unlink(missing_ok=True)

    def save(self, content: bytes) -> None:
        """As editors do: a new file takes the old one's name."""
        temporary = self._path.with_name(f".{self._path.name}.saving")
        temporary.write_bytes(content)
        temporary.chmod(self._path.stat().st_mode & 0o777)
        temporary.replace(self._path)


def measure(invoke: Any, file: EditedFile, number: int) -> float:
    """Milliseconds from the save to the first answer of the new code. Raises Problem after 10 s."""
    content = file.original + _APPENDED.format(round=number).encode()
    started = time.perf_counter()
    file.save(content)
    while True:
        answer = invoke()
        elapsed = time.perf_counter() - started
        if answer == {"reload_round": number}:
            return elapsed * 1000
        if elapsed > _DEADLINE_SECONDS:
            raise Problem(f"Round {number}: the new code did not answer within 10 s.", fix="See 'mtd logs watch'.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--instance", help="measure this running instance, such as dev, instead of starting one")
    parser.add_argument("--function", default="push_waiting", help="a folder under src/lambdas")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    with measured_instance(arguments.instance) as instance:
        return report(instance, arguments.function, arguments.rounds)


def report(instance: Instance, function: str, rounds: int) -> int:
    """Measure and print; the exit code."""
    try:
        client = Running.of(instance).clients.client("lambda")
        path = instance.project / "src" / "lambdas" / function / "handler.py"
        name = f"mtd-{ENVIRONMENT}-{function}:live"

        def invoke() -> Any:
            payload = client.invoke(FunctionName=name, Payload=b'{"reload_round": true}')["Payload"].read()
            return json.loads(payload)

        with EditedFile(path, instance.folder / "reload-original.py") as file:
            measure(invoke, file, 0)
            times = [measure(invoke, file, number) for number in range(1, rounds + 1)]
    except Problem as problem:
        print(f"{problem.sentence} {problem.fix}", file=sys.stderr)
        return 1
    times.sort()
    p95 = times[max(0, -(-len(times) * 95 // 100) - 1)]
    figures = {
        "rounds": len(times),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(p95, 1),
        "max_ms": round(times[-1], 1),
    }
    print(f"Save to new code answering, {function}, {platform.machine()}, Python {platform.python_version()}")
    for label, value in figures.items():
        print(f"  {label:<8} {value:>8}" + (f"   goal <= {_GOAL_P95_MS}" if label == "p95_ms" else ""))
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
