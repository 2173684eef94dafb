"""Does an order cost more when the database is full, or when many functions work at once?

Growth: an instance of its own is filled to 1,000, 10,000 and 100,000 ended orders with their events (copies of one real
order, written by SQL), and at each size `mtd stress` runs the same number of orders through it.
Concurrency: 1, 2, 4 and 8 clients register orders by the API at the same time, each a batch of 25 a call, so that as
many register_orders functions run at once.

The last line is one JSON object.

    .venv/bin/python tests/performance/growth.py [--orders 300] [--sizes 1000 10000 100000] [--clients 1 2 4 8]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# In place of this folder, whose portal.py is not the portal.
sys.path[:1] = [str(ROOT), str(ROOT / "src" / "shared")]

from mtd.domain.orders import order as orders_json  # noqa: E402
from mtd.domain.orders.ubl import parse_order  # noqa: E402
from proving.stress.handlers import percentile  # noqa: E402
from proving.stress.schedule import GeneratedOrders  # noqa: E402
from tests.integration.system import System, until  # noqa: E402
from tests.performance.measured import measured_instance  # noqa: E402

_FILL = """
with template as (select * from orders where outcome = 'completed' order by received_at limit 1),
copies as (
    insert into orders (order_id, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document,
        content_hash, process_version_id, source, promised_on, received_at, updated_at, ended_at, outcome)
    select gen_random_uuid(), 'FILL-' || %s || '-' || i, seller_id, seller_name, buyer_id, buyer_name, currency, total,
        document, content_hash || i, process_version_id, source, promised_on, received_at - i * interval '1 second',
        updated_at, ended_at, outcome
    from template, generate_series(1, %s) i
    returning order_id
)
insert into events (order_id, at, who, source, what, from_state, to_state, ms, request_id, detail)
select copies.order_id, e.at, e.who, e.source, e.what, e.from_state, e.to_state, e.ms, e.request_id, e.detail
from copies, events e where e.order_id = (select order_id from template)
"""
_BATCH, _BATCHES = 25, 16


def fill(system: System, size: int) -> None:
    """Bring the database to that many orders, with statistics as autovacuum would have them by then."""
    present = system.sql("select count(*) as orders from orders")[0]["orders"]
    if size > present:
        system.sql(_FILL, str(size), size - present)
    system.sql("analyze")


def stress(instance: str, orders: int) -> dict[str, Any]:
    """A run's summary."""
    with tempfile.TemporaryDirectory(prefix="mtd-growth-") as folder:
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


def grow(system: System, instance: str, orders: int, sizes: list[int]) -> list[dict[str, Any]]:
    """A row a size."""
    rows = []
    for size in sizes:
        fill(system, size)
        stress(instance, 50)
        figures = stress(instance, orders)
        listing = []
        for _ in range(15):
            began = time.perf_counter()
            status, page = system.call("GET", "/orders?limit=50")
            if status != 200:
                raise SystemExit(f"The list was not answered: {page}")
            listing.append((time.perf_counter() - began) * 1000)
        rows.append(
            {
                "orders_in_database": size,
                "orders_per_second": figures["orders_per_second"],
                "postgres_ms_per_order": figures["cpu_ms_per_order"].get("postgres", 0.0),
                "register_ms_per_order": figures["handler_ms_per_order"]["register_orders"]["p50"],
                "list_ms": round(percentile(listing, 0.5), 1),
            }
        )
    return rows


def register(system: System, clients: int) -> dict[str, Any]:
    """Batches posted to the API by that many clients at once."""
    made = GeneratedOrders(ROOT, f"C{clients}T{int(time.time())}", seed=clients)
    bodies = []
    for _ in range(clients + _BATCHES):
        entries = [
            {"source": f"test://{order.number}", "order": orders_json.to_json(parse_order(order.content))}
            for order in made.take(_BATCH)
        ]
        bodies.append(json.dumps({"orders": entries}).encode())

    def post(body: bytes) -> float:
        request = urllib.request.Request(
            f"{system.api}/orders", data=body, method="POST", headers={"Content-Type": "application/json"}
        )
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        return (time.perf_counter() - began) * 1000

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(post, bodies[:clients]))
        began = time.perf_counter()
        times = list(pool.map(post, bodies[clients:]))
        seconds = time.perf_counter() - began
    until(lambda: system.sql("select count(*) as left from tokens")[0]["left"], lambda left: left == 0, 120)
    return {
        "clients": clients,
        "orders_per_second": round(_BATCH * _BATCHES / seconds, 1),
        "batch_p50_ms": round(percentile(times, 0.5), 1),
        "batch_p95_ms": round(percentile(times, 0.95), 1),
    }


def table(rows: list[dict[str, Any]]) -> None:
    """Rows with the same names."""
    print("".join(f"{name.replace('_', ' '):>23}" for name in rows[0]))
    for row in rows:
        print("".join(f"{value:>23,}" for value in row.values()))


def main() -> None:
    """Both tables, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4, 8])
    arguments = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    with measured_instance(None, "--no-watch") as instance:
        system = System(json.loads((instance.folder / "state.json").read_text("utf-8")))
        stress(instance.name, 60)
        concurrency = [register(system, clients) for clients in arguments.clients]
        growth = grow(system, instance.name, arguments.orders, arguments.sizes)
    print(machine)
    table(growth)
    print()
    table(concurrency)
    print(json.dumps({"machine": machine, "growth": growth, "concurrency": concurrency}))


if __name__ == "__main__":
    main()
