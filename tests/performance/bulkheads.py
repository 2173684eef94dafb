"""Measures the delay that a slow legacy system causes orders that do not ask it.

A new instance is started, with a second tenant. Orders of both tenants are put at a steady rate while EOM answers as it
usually does, after 4 s, after its time-out, and not at all. A figure is the time from an order's put to its event
`validation done`, which asks no system. `ratio` is the worst p95 of the three over the p95 of the first.

`fair` is about tenants: the first puts all of its orders at once while the second puts one at a time; its p95 over the
p95 of the same orders without the burst.

The last line is one JSON object.

    .venv/bin/python -m tests.performance.bulkheads [--orders 60] [--rate 6] [--rounds 1] [--instance NAME]
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from devenv.instance import Instance
from proving.stress.handlers import percentile
from tests.integration.system import System, until
from tests.performance.measured import ROOT, measured_instance

sys.path.insert(0, str(ROOT / "seed"))
from generate import generate  # type: ignore[import-not-found]

OTHER = "norte"
"""The tenant that shares nothing with the first but the system."""
SLOW: dict[str, dict[str, Any]] = {
    "four_seconds": {"latency_ms": 4000},
    "time_out": {"latency_ms": 30_000},
    "down": {"outage": True},
}
_QUERY = """select o.tenant, extract(epoch from e.at)::double precision as at, o.number from orders o
    join events e using (order_id)
    where o.number like %s and e.from_state = 'validation' and e.what = 'done'"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Orders of one tenant, put `seconds` apart."""

    tenant: str
    orders: int
    seconds: float


class Measurement:
    """A running system, whose faults it sets."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._s3 = system.aws("s3")
        self._number = 0

    def times(self, waves: Sequence[Wave]) -> dict[str, list[float]]:
        """Seconds from put to `validation done`, by tenant, of the waves put at once."""
        self._number += 1
        prefix = f"WALL{os.getpid()}X{self._number}"
        with ThreadPoolExecutor(len(waves)) as pool:
            puts: dict[str, float] = {}
            for put in pool.map(lambda wave: self._put(prefix, wave), waves):
                puts |= put
        with self.system.connect() as connection:
            rows = until(
                lambda: connection.execute(_QUERY, (f"{prefix}%",)).fetchall(),
                lambda found: len(found) == len(puts),
                300,
            )
        found: dict[str, list[float]] = {}
        for tenant, at, number in rows:
            found.setdefault(tenant, []).append(at - puts[number])
        return found

    def settle(self) -> None:
        """Let every system answer again, and wait until no order is on its way."""
        for system in ("eom", "gift_card", "paperless", "sales_support"):
            self.system.call("POST", f"/circuits/{system}", {"action": "close", "person": "m", "reason": "measured"})
        left = "select count(*) from orders where ended_at is null"
        with self.system.connect() as connection:
            until(lambda: connection.execute(left).fetchall()[0][0], lambda count: count == 0, 600)
        time.sleep(1)

    def _put(self, prefix: str, wave: Wave) -> dict[str, float]:
        """The moment of each put, by the order's number."""
        folder = "orders/" if wave.tenant == "main" else f"orders/{wave.tenant}/"
        files = list(generate(wave.orders, seed=self._number, prefix=f"{prefix}{wave.tenant[0].upper()}"))
        at_once = 8 if wave.seconds == 0 else 1
        started = time.time()

        def put(item: tuple[int, tuple[str, str]]) -> tuple[str, float]:
            place, (number, content) = item
            time.sleep(max(0.0, started + place * wave.seconds - time.time()))
            at = time.time()
            self._s3.put_object(Bucket=self.system.bucket, Key=f"{folder}{number}.xml", Body=content.encode())
            return number, at

        with ThreadPoolExecutor(at_once) as pool:
            return dict(pool.map(put, enumerate(files)))


def measure(system: System, orders: int, rate: float, rounds: int) -> dict[str, Any]:
    """All figures, in seconds."""
    system.call("POST", "/tenants", {"code": OTHER, "name": "Norte SpA"})
    measurement = Measurement(system)
    both = [Wave(tenant=tenant, orders=orders // 2, seconds=2 / rate) for tenant in ("main", OTHER)]
    measurement.times(both)  # warms up the functions
    measurement.settle()
    shown: dict[str, list[dict[str, list[float]]]] = {}
    for _ in range(rounds):
        for name, fault in {"baseline": None, **SLOW}.items():
            if fault is not None:
                system.set_fault("eom", **fault)
            shown.setdefault(name, []).append(measurement.times(both))
            system.clear_faults()
            measurement.settle()
    slow = {name: _figures(_all(times)) for name, times in shown.items()}
    others = {name: _figures([each for round_ in times for each in round_[OTHER]]) for name, times in shown.items()}
    worst = max(slow[name]["p95_s"] for name in SLOW)
    return {
        "baseline_p50_s": slow["baseline"]["p50_s"],
        "baseline_p95_s": slow["baseline"]["p95_s"],
        "slow_p95_s": worst,
        "ratio": round(worst / slow["baseline"]["p95_s"], 2),
        "slow": {name: slow[name] for name in SLOW},
        "untouched_tenant": others,
        "fair": _fair(measurement, orders, rate),
    }


def _fair(measurement: Measurement, orders: int, rate: float) -> dict[str, float]:
    trickle = Wave(tenant=OTHER, orders=orders // 2, seconds=2 / rate)
    alone = _figures(measurement.times([trickle])[OTHER])
    measurement.settle()
    beside = _figures(measurement.times([trickle, Wave(tenant="main", orders=orders * 5, seconds=0)])[OTHER])
    measurement.settle()
    ratio = round(beside["p95_s"] / alone["p95_s"], 2)
    return {"alone_p95_s": alone["p95_s"], "beside_burst_p95_s": beside["p95_s"], "ratio": ratio}


def _all(rounds: Iterable[dict[str, list[float]]]) -> list[float]:
    return [each for times in rounds for tenant in times.values() for each in tenant]


def _figures(times: list[float]) -> dict[str, float]:
    return {"p50_s": round(statistics.median(times), 2), "p95_s": round(percentile(times, 0.95), 2)}


def show(figures: dict[str, Any]) -> None:
    """The table for people, then the JSON line."""
    print(f"{'to validation done':<22} {'p50':>8} {'p95':>8}   of the other tenant")
    print(f"{'baseline':<22} {figures['baseline_p50_s']:8.2f} {figures['baseline_p95_s']:8.2f}")
    for name, each in figures["slow"].items():
        other = figures["untouched_tenant"][name]
        own = f"{each['p50_s']:8.2f} {each['p95_s']:8.2f}"
        print(f"{'EOM: ' + name:<22} {own}   {other['p50_s']:.2f} {other['p95_s']:.2f}")
    fair = figures["fair"]
    print(f"{'beside a burst':<22} {'':8} {fair['beside_burst_p95_s']:8.2f}   alone {fair['alone_p95_s']:.2f}")
    print(json.dumps(figures))


def main() -> None:
    """Start, measure, stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=60, help="in each scenario, half of each tenant")
    parser.add_argument("--rate", type=float, default=6, help="orders a second")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--instance", help="measure this running instance instead of starting one")
    arguments = parser.parse_args()
    with measured_instance(arguments.instance, "--no-watch") as instance:
        show(measure(_system(instance), arguments.orders, arguments.rate, arguments.rounds))


def _system(instance: Instance) -> System:
    return System(json.loads((instance.folder / "state.json").read_text("utf-8")))


if __name__ == "__main__":
    main()
