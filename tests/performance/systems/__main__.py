"""The throughput of a connected system's state and of a built-in one, side by side in one run.

Two processes have one task each: `allocation`, a state with code, and the same request to a connected system by a
declaration and a sheet. Rounds of so many orders run on each in turn; both systems are the simulator, with the same
latency. The last line is one JSON object.

    .venv/bin/python -m tests.performance.systems [--orders 300] [--rounds 5] [--latency-ms 20] [--instance NAME]
"""

import argparse
import base64
import json
import statistics
import sys
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path[:1] = [str(ROOT)]

from devenv.diagrams import process_demo  # noqa: E402
from devenv.running import Running  # noqa: E402
from tests.integration.system import System, until  # noqa: E402
from tests.performance.measured import measured_instance  # noqa: E402
from tests.support.bpmn_files import bpmn  # noqa: E402
from tests.support.diagrams import draw  # noqa: E402

type Json = dict[str, Any]

_DRAWING = "start: Came\nservice: {task}\nend: Completed\nCame > {task} > Completed\n"
_BATCH = 100


def measure(system: System, orders: int, rounds: int, latency_ms: float) -> Json:
    """The orders a second of each, by rounds, and the share of the connected one."""
    run = uuid.uuid4().hex[:6]
    connected = f"stock-{run}"
    system.declare(
        connected,
        {"recover": "/operations/{key}", "operations": {"allocate": {"path": "/allocations"}}},
        {"allocate": [{"answer": {"allocation_id": "ALL-1", "warehouse": "CD Lampa"}}]},
    )
    for name in ("eom", connected):
        system.slow(name, latency_ms)
    sheet = {
        "server": f"system:{connected}/allocate",
        "send": {"order": "order.number", "seller": "order.seller.id", "lines": "order.lines"},
        "result": {"allocation_id": "answer.allocation_id", "warehouse": "answer.warehouse"},
    }
    processes = {
        "built_in": _imported(system, f"built-in-{run}", "Allocation", {}),
        "connected": _imported(system, f"connected-{run}", "Reserve stock", {"tasks": {"Reserve stock": sheet}}),
    }
    rates: dict[str, list[float]] = {name: [] for name in processes}
    try:
        for number in range(rounds + 1):
            for name, process in processes.items():
                rate = _round(system, process, f"{run}-{name[:1]}{number}", orders)
                print(f"{name:<10} round {number}: {rate:6.1f} orders/s{'  (warming up)' if not number else ''}")
                if number:
                    rates[name].append(rate)
    finally:
        for name in ("eom", connected):
            system.slow(name, 0)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return {
        "orders": orders,
        "rounds": rounds,
        "latency_ms": latency_ms,
        "orders_per_second": {name: round(rate, 1) for name, rate in medians.items()},
        "share": round(medians["connected"] / medians["built_in"], 3),
    }


def _imported(system: System, name: str, task: str, sheet: Json) -> str:
    content = base64.b64encode(bpmn(draw(_DRAWING.format(task=task), name))).decode()
    file = {"name": f"{name}.bpmn", "content": content, "sheet": sheet}
    status, answer = system.call("POST", "/processes", {"files": [file]})
    [report] = answer["reports"]
    assert (status, report["verdict"]) == (200, "ready"), report
    assert system.call("POST", f"/processes/{name}/versions/{report['version']}/activate")[0] == 200
    return name


def _round(system: System, process: str, prefix: str, orders: int) -> float:
    """Orders a second, from the first registration to the last end, as PostgreSQL has them."""
    numbers = [f"P-{prefix}-{i:04}" for i in range(orders)]
    for start in range(0, orders, _BATCH):
        entries = [
            {"order": process_demo.order(number, large=False), "process": process}
            for number in numbers[start : start + _BATCH]
        ]
        status, answer = system.call("POST", "/orders", {"orders": entries})
        assert status == 200, answer
    [row] = until(
        lambda: system.sql(
            "select count(ended_at) as ended, count(*) filter (where outcome = 'completed') as completed,"
            " extract(epoch from max(ended_at) - min(received_at))::double precision as seconds"
            " from orders where number like %s",
            f"P-{prefix}-%",
        ),
        lambda rows: rows[0]["ended"] == orders,
        seconds=180,
    )
    assert row["completed"] == orders, row
    return orders / float(row["seconds"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency-ms", type=float, default=20.0, help="of both systems")
    parser.add_argument("--instance", help="a running instance (default: one is started for the measurement)")
    asked = parser.parse_args()
    with measured_instance(asked.instance) as instance:
        system = System(Running.of(instance).document)
        print(json.dumps(measure(system, asked.orders, asked.rounds, asked.latency_ms)))


if __name__ == "__main__":
    main()
