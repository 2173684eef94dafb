"""Measures each change that made the system faster: the same orders with it and without it, as ratios.

Every round starts an instance for each variant, warms it up, and runs `mtd stress` on it; variants of a round follow
each other, so that what else the machine does hits all alike. Each figure is the median of the rounds; a ratio of 1.3
says that without the change an order costs 1.3 times as much. The last line is one JSON object.

    .venv/bin/python tests/performance/changes.py [--orders 600] [--rounds 3] [--only NAME...]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:1] = [str(ROOT)]

from tests.performance.measured import measured_instance  # noqa: E402

# Each variant's settings; PARAMETERS are the template's.
VARIANTS: dict[str, dict[str, str]] = {
    "as it is": {},
    "batches of 10, no window": {"BatchSize": "10", "BatchWindowSeconds": "0"},
    "stock gateway (twisted)": {"GATEWAY_SERVER": "twisted"},
    "internal calls by socket": {"IN_MEMORY_CLIENT": "0"},
    "S3 events by request": {"MTD_WITHOUT": "s3_events"},
    "a transaction a metric": {"MTD_WITHOUT": "metrics"},
    "logs and metrics a call": {"MTD_WITHOUT": "telemetry"},
    "short polling": {"MTD_WITHOUT": "polling"},
    "default garbage collection": {"MTD_WITHOUT": "collections"},
    "fresh interpreter a start": {"MTD_LAMBDA_START": "fresh"},
}
_PARAMETERS = {"BatchSize", "BatchWindowSeconds"}
_WARM_UP = 60


def measure(settings: dict[str, str], orders: int) -> dict[str, Any]:
    """The summary of one run in an instance of its own."""
    with tempfile.TemporaryDirectory(prefix="mtd-changes-") as folder:
        environment = {name: value for name, value in settings.items() if name not in _PARAMETERS}
        environment["MTD_PARAMETERS"] = str(_parameters(Path(folder), settings))
        os.environ.update(environment)
        try:
            with measured_instance(None, "--no-watch") as instance:
                _stress(instance.name, _WARM_UP, folder)
                return _stress(instance.name, orders, folder)
        finally:
            for name in environment:
                del os.environ[name]


def _parameters(folder: Path, settings: dict[str, str]) -> Path:
    """The local environment's parameters with the variant's, in a file; its path without .json."""
    local = json.loads((ROOT / "cloudformation" / "environments" / "local.json").read_text("utf-8"))
    for item in local:
        item["ParameterValue"] = settings.get(item["ParameterKey"], item["ParameterValue"])
    (folder / "measured.json").write_text(json.dumps(local), "utf-8")
    return folder / "measured"


def _stress(instance: str, orders: int, folder: str) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "devenv", "stress", "--orders", str(orders), "--report", folder, "--json"],
        cwd=ROOT,
        env=os.environ | {"MTD_INSTANCE": instance},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, Any] = json.loads(ended.stdout)
    return figures


def show(rounds: dict[str, list[dict[str, Any]]], orders: int) -> None:
    """The table, then the JSON line."""

    def median(name: str, ask: Callable[[dict[str, Any]], float]) -> float:
        return statistics.median(ask(figures) for figures in rounds[name])

    def cpu(figures: dict[str, Any]) -> float:
        return float(sum(ms for group, ms in figures["cpu_ms_per_order"].items() if group != "client"))

    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}; {orders} orders, medians of {len(rounds['as it is'])} rounds")
    print(
        f"{'':<28} {'orders/s':>9} {'slower':>7} {'CPU ms/order':>13} {'dearer':>7} {'requests/order':>15} {'more':>6}"
    )
    base = {
        "orders_per_second": median("as it is", lambda f: f["orders_per_second"]),
        "cpu_ms_per_order": median("as it is", cpu),
        "aws_requests_per_order": median("as it is", lambda f: f["aws_requests_per_order"]),
    }
    compared: dict[str, Any] = {}
    for name in rounds:
        rate = median(name, lambda f: f["orders_per_second"])
        spent = median(name, cpu)
        requests = median(name, lambda f: f["aws_requests_per_order"])
        compared[name] = {
            "orders_per_second": rate,
            "cpu_ms_per_order": round(spent, 2),
            "aws_requests_per_order": requests,
            "slower": round(base["orders_per_second"] / rate, 2),
            "dearer": round(spent / base["cpu_ms_per_order"], 2),
        }
        print(
            f"{name:<28} {rate:9.1f} {compared[name]['slower']:7.2f} {spent:13.2f} {compared[name]['dearer']:7.2f} "
            f"{requests:15.2f} {requests / base['aws_requests_per_order']:6.2f}"
        )
    print(json.dumps({"machine": machine, "orders": orders, "variants": compared}))


def main() -> None:
    """Measure all variants, round by round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=VARIANTS, metavar="NAME", help="these, beside 'as it is'")
    arguments = parser.parse_args()
    chosen = ["as it is", *(name for name in arguments.only or VARIANTS if name != "as it is")]
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in chosen}
    for number in range(arguments.rounds):
        for name in chosen:
            print(f"round {number + 1}, {name} …", file=sys.stderr, flush=True)
            rounds[name].append(measure(VARIANTS[name], arguments.orders))
    show(rounds, arguments.orders)


if __name__ == "__main__":
    main()
