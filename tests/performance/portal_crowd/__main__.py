"""Measures the portal while many people look at it, orders run, and somebody sends it 200 MB before any login.

A new instance is started. Each client opens a page, reads it for one to three seconds, and opens the next. The last
line is one JSON object: requests, errors (any status but 200), p50 and p95 in milliseconds, the status of the large
post, and the portal's memory at its highest.

    .venv/bin/python -m tests.performance.portal_crowd [--clients 50] [--seconds 60] [--orders 100] [--instance NAME]
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from devenv.passwords import InstancePasswords
from devenv.running import Running
from proving.stress.handlers import percentile
from tests.performance.measured import ROOT, measured_instance

sys.path.insert(0, str(ROOT / "seed"))
from generate import generate  # type: ignore[import-not-found]

PAGES = ("/", "/orders", "/exceptions", "/operations", "/tasks", "/statistics")
LARGE_BYTES = 200_000_000


@dataclass
class Seen:
    """The answers that the clients got, by page."""

    times_ms: dict[str, list[float]] = field(default_factory=lambda: {page: [] for page in PAGES})
    errors: list[str] = field(default_factory=list)

    def ask(self, client: httpx.Client, page: str) -> None:
        started = time.perf_counter()
        try:
            status = client.get(page).status_code
        except httpx.HTTPError as error:
            self.errors.append(f"{page}: {error!r}")
            return
        self.times_ms[page].append((time.perf_counter() - started) * 1000)
        if status != 200:
            self.errors.append(f"{page}: {status}")


def session(address: str, password: str) -> dict[str, str]:
    """The cookies of the administrator."""
    with httpx.Client(base_url=address, timeout=30) as client:
        client.get("/login")
        form = {"csrf": client.cookies["mtd_login"], "name": "admin", "password": password}
        answer = client.post("/login", data=form)
        assert answer.status_code == 303, answer.text
        return dict(client.cookies)


def look(address: str, cookies: dict[str, str], seen: Seen, until: float, seed: int) -> None:
    """One person, who opens page after page."""
    chance = random.Random(seed)
    with httpx.Client(base_url=address, cookies=cookies, timeout=60) as client:
        time.sleep(chance.uniform(0, 2))
        while time.monotonic() < until:
            seen.ask(client, chance.choice(PAGES))
            time.sleep(chance.uniform(1, 3))


def post_much(address: str) -> int:
    """Send a form of 200 MB without a session; the status of the answer."""
    host = address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    def parts() -> Iterator[bytes]:
        for _ in range(LARGE_BYTES // 65_536):
            yield b"x" * 65_536

    with contextlib.suppress(OSError):  # the portal has answered, and reads no more
        connection.request("POST", "/login", parts(), headers, encode_chunked=True)
    return connection.getresponse().status


def measure(running: Running, clients: int, seconds: float, orders: int) -> dict[str, Any]:
    """All figures."""
    address, seen = str(running.document["portal"]), Seen()
    cookies = session(address, InstancePasswords.of(running.instance).administrator)
    until = time.monotonic() + seconds
    people = [threading.Thread(target=look, args=(address, cookies, seen, until, number)) for number in range(clients)]
    for each in people:
        each.start()
    s3, bucket = running.clients.client("s3"), running.output("InboxBucket")
    for number, content in generate(orders, seed=3, prefix=f"CROWD{os.getpid()}"):
        s3.put_object(Bucket=bucket, Key=f"orders/{number}.xml", Body=content.encode())
    status = post_much(address)
    for each in people:
        each.join()
    times = [each for page in seen.times_ms.values() for each in page]
    return {
        "clients": clients,
        "seconds": seconds,
        "requests": len(times),
        "errors": len(seen.errors),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(percentile(times, 0.95), 1),
        "p95_ms_by_page": {page: round(percentile(found, 0.95), 1) for page, found in seen.times_ms.items() if found},
        "large_post_status": status,
        "portal_memory_mb": _peak_mb(running.document["pids"]["portal"]["pid"]),
    }


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise LookupError(pid)


def main() -> None:
    """Start, measure, stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--instance", help="measure this running instance instead of starting one")
    arguments = parser.parse_args()
    with measured_instance(arguments.instance, "--no-watch") as instance:
        figures = measure(Running.of(instance), arguments.clients, arguments.seconds, arguments.orders)
    for name, value in figures.items():
        print(f"{name:<20} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
