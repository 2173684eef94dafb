"""`mtd up` of an instance that has been up before: what a developer waits for each morning.

Each round brings the same instance up and down twice, with LocalStack's deployments as they are and with them as
LocalStack makes them (MTD_WITHOUT=deployments). The last line is one JSON object.

    .venv/bin/python tests/performance/second_up.py [--rounds 5]
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
sys.path[:1] = [str(ROOT)]

from devenv.instance import Instance  # noqa: E402
from devenv.running import Running  # noqa: E402
from tests.performance.cold_start import machine  # noqa: E402
from tests.performance.measured import measured_instance, mtd  # noqa: E402

VARIANTS = {"as it is": "", "LocalStack's own deployments": "deployments"}


def measure(instance: Instance, without: str) -> tuple[float, float]:
    """Seconds that `mtd up` took, and CPU seconds of LocalStack until then."""
    os.environ["MTD_WITHOUT"] = without
    began = time.perf_counter()
    mtd(instance.name, "up")
    seconds = time.perf_counter() - began
    times = psutil.Process(Running.of(instance).pids()["localstack"]).cpu_times()
    mtd(instance.name, "down")
    return seconds, times.user + times.system


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5, help="of each kind (default 5)")
    rounds = parser.parse_args().rounds
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in VARIANTS}
    with measured_instance(None) as instance:
        mtd(instance.name, "seed")
        mtd(instance.name, "down")
        for _ in range(rounds):
            for name, without in VARIANTS.items():
                measured[name].append(measure(instance, without))
    print(f"A second `mtd up`, {rounds} rounds, medians\n{machine()}\n\n{'':32}{'seconds':>10}{'LocalStack CPU s':>20}")
    figures = {}
    for name, rows in measured.items():
        figures[name] = [round(statistics.median(column), 1) for column in zip(*rows, strict=True)]
        print(f"{name:32}{figures[name][0]:10.1f}{figures[name][1]:20.1f}")
    (seconds, cpu), (own_seconds, own_cpu) = figures.values()
    print(
        json.dumps(
            {
                "second_up_s": seconds,
                "localstack_cpu_s": cpu,
                "without_up_s": own_seconds,
                "without_cpu_s": own_cpu,
                "rounds": rounds,
            }
        )
    )


if __name__ == "__main__":
    main()
