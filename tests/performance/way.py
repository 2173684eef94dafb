"""The order's way under load, and its first step on an idle system.

An instance of its own is started; then
- idle: orders are put one at a time; how long from the put to the row in PostgreSQL;
- load: --orders distinct orders are put at once, each a separate S3 object; how many are delivered a second, what each
  function needs for an order (REPORT durations over the orders of that invocation), how many AWS requests an order
  costs (those of the functions and of their event source mappings; the client's own puts and the emulator's
  housekeeping left out), and the memory of the whole system at its end (PSS of all its processes).

The last line is one JSON object.

    .venv/bin/python tests/performance/way.py [--orders 300] [--idle 30] [--instance NAME]
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).parents[2]
# In place of this folder, whose portal.py is not the portal.
sys.path[:1] = [str(ROOT), str(ROOT / "seed")]

from generate import generate  # type: ignore[import-not-found]  # noqa: E402

from devenv.running import Running  # noqa: E402
from proving.stress.figures import billed_requests  # noqa: E402
from proving.stress.handlers import handler_times, per_order, percentile  # noqa: E402
from proving.stress.processes import InstanceProcesses  # noqa: E402
from tests.integration.system import System  # noqa: E402
from tests.performance.measured import measured_instance  # noqa: E402


def put_to_row(system: System, connection: psycopg.Connection[Any], rounds: int) -> list[float]:
    """Milliseconds from the start of a put to the row, one order at a time; the first two are warm-up."""
    times = []
    s3 = system.aws("s3")
    for number, content in generate(rounds + 2, seed=7, prefix=f"IDLE{os.getpid()}"):
        time.sleep(0.3)
        started = time.perf_counter()
        s3.put_object(Bucket=system.bucket, Key=f"orders/{number}.xml", Body=content.encode())
        while not connection.execute("select 1 from orders where number = %s", (number,)).fetchone():
            time.sleep(0.002)
        times.append((time.perf_counter() - started) * 1000)
    return times[2:]


def load(system: System, connection: psycopg.Connection[Any], orders: int) -> tuple[float, int]:
    """Put all at once; seconds until all have ended and the mails are sent, and how many were completed."""
    prefix = f"LOAD{os.getpid()}"
    files = list(generate(orders, seed=9, prefix=prefix))
    s3 = system.aws("s3")
    started = time.perf_counter()

    def put(file: tuple[str, str]) -> None:
        s3.put_object(Bucket=system.bucket, Key=f"orders/{file[0]}.xml", Body=file[1].encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, files))
    query = """select count(*) filter (where o.ended_at is not null), count(*) filter (where o.outcome = 'completed'),
        count(m.*) filter (where m.status = 'sent')
        from orders o left join mails m using (order_id) where o.number like %s"""
    deadline = time.monotonic() + 60 + orders
    while time.monotonic() < deadline:
        row = connection.execute(query, (f"{prefix}-%",)).fetchone()
        assert row is not None
        if row[0] == orders and row[2] == orders:
            return time.perf_counter() - started, row[1]
        time.sleep(0.1)
    raise SystemExit(f"not all of {orders} orders have ended: see mtd orders")


def requests(system: System) -> Counter[str]:
    """The requests that the emulator has served so far, by operation."""
    counted: Counter[str] = Counter()
    for kind in system.call_emulator("GET", "/_mtd/requests").values():
        counted.update(kind)
    return counted


def measure(system: System, pids: Mapping[str, int], orders: int, idle: int) -> dict[str, Any]:
    """All figures."""
    with system.connect() as connection:
        times = put_to_row(system, connection, idle)
        deadline = time.monotonic() + 60
        while connection.execute("select 1 from orders where ended_at is null limit 1").fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        time.sleep(1)
        before = requests(system)
        since_ms = int(time.time() * 1000)
        seconds, completed = load(system, connection, orders)
        by_operation = billed_requests(requests(system) - before, orders)
    time.sleep(2)
    return {
        "orders": orders,
        "completed": completed,
        "orders_per_second": round(orders / seconds, 1),
        "put_to_row_p50_ms": round(statistics.median(times), 1),
        "put_to_row_p95_ms": round(percentile(times, 0.95), 1),
        "handler_ms_per_order": per_order(handler_times(system.aws("logs"), "/aws/lambda/mtd-local-", since_ms)),
        "aws_requests_per_order": round(sum(by_operation.values()), 2),
        "aws_requests_by_operation": by_operation,
        "memory_mb": round(sum(InstanceProcesses(pids).memory_mb().values()), 1),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def show(figures: dict[str, Any]) -> None:
    """The table for people, then the JSON line."""
    print(f"machine                     {figures['machine']}")
    for name in ("orders", "completed", "orders_per_second", "put_to_row_p50_ms", "put_to_row_p95_ms", "memory_mb"):
        print(f"{name:<27} {figures[name]}")
    print(f"aws_requests_per_order      {figures['aws_requests_per_order']}   (goal 3)")
    for name, share in figures["aws_requests_by_operation"].items():
        print(f"  {name:<33} {share:6.3f}")
    print("handler, ms an order             p50     p99   (goals 5 and 10)")
    for function, times in figures["handler_ms_per_order"].items():
        print(f"  {function:<25} {times['p50']:8.2f} {times['p99']:7.2f}")
    print(json.dumps(figures))


def main() -> None:
    """Start, measure, stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--idle", type=int, default=30, help="rounds on the idle system")
    parser.add_argument("--instance", help="measure this running instance instead of starting one")
    arguments = parser.parse_args()
    with measured_instance(arguments.instance, "--no-watch") as instance:
        state = json.loads((instance.folder / "state.json").read_text("utf-8"))
        pids = Running.of(instance).pids()
        show(measure(System(state), pids, arguments.orders, arguments.idle))


if __name__ == "__main__":
    main()
