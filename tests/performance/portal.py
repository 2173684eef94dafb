"""Measures the portal's pages on a database of N orders: `python -m tests.performance.portal --orders N`.

Fills a database of its own beside the running instance's, starts a portal on it, asks for each page in turn.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

import psycopg
from psycopg.conninfo import make_conninfo

from devenv.backends import portal
from devenv.backends.postgres import PORTAL, READER, ROLE
from devenv.instance import Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST, RANGE, can_bind
from devenv.running import Running
from mtd.adapters.postgres.database import Database
from mtd.adapters.postgres.reporting.summaries import PostgresSummaries
from mtd.adapters.postgres.schema import PostgresSchema

_DATABASE = "mtd_portal_performance"
_TIMES = 20
_FILL = """
insert into orders (order_id, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document,
                    content_hash, process_version_id, promised_on, received_at, updated_at, ended_at, outcome)
select md5(i::text)::uuid, 'CL-2026-' || lpad(i::text, 8, '0'), '76' || (i %% 40), 'Tienda ' || (i %% 40),
       (i %% 300000) || '-' || (i %% 10), 'Comprador ' || (i * 7919::bigint %% 300000), 'CLP',
       (i * 7919::bigint) %% 2000000,
       jsonb_build_object('buyer', jsonb_build_object('email', 'c' || i || '@example.cl'),
                          'lines', jsonb_build_array(jsonb_build_object('sku', 'SKU-' || i %% 5000))),
       'x', (select max(process_version_id) from process_versions), current_date, at, at, ended,
       case when ended is not null then case when i %% 200 = 0 then 'exception' else 'completed' end end
from (select i, now() - make_interval(secs => i * 2.6) as at,
             case when i > 500 then now() - make_interval(secs => i * 2.6 - 4) end as ended
      from generate_series(%(first)s::int, %(last)s::int) i) generated
"""
_EVENTS = """
insert into events (order_id, at, who, source, what, from_state, to_state, ms)
select md5(i::text)::uuid, now() - make_interval(secs => i * 2.6), 'validate_order', 'PostgreSQL', 'done', 'validation',
       'allocation', 1.5
from generate_series(%(first)s::int, %(last)s::int) i, generate_series(1, 10)
"""
_REST = """
insert into tokens (order_id, node) select order_id, (array['validation', 'allocation', 'dispatch'])[1 + abs(hashtext(
    order_id::text)) %% 3] from orders where outcome is null;
insert into incidents (order_id, token_id, version, state, code, message, fingerprint, attempts)
select order_id, row_number() over (), 1, 'allocation', 'code_' || abs(hashtext(order_id::text)) %% 30, 'refused',
       'f' || abs(hashtext(order_id::text)) %% 30, 10 from orders where outcome = 'exception';
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    arguments = parser.parse_args()
    running = Running.of(Instance.from_env())
    port = running.document["ports"]["postgres"]
    secrets = InstancePasswords.of(running.instance)
    administration = make_conninfo(host=HOST, port=port, user="postgres", password=secrets.postgres, dbname="postgres")
    with psycopg.connect(administration, autocommit=True) as connection:
        connection.execute(f"drop database if exists {_DATABASE} with (force)".encode())
        connection.execute(f"create database {_DATABASE} owner {ROLE}".encode())
    try:
        owner = make_conninfo(host=HOST, port=port, user=ROLE, password=secrets.application, dbname=_DATABASE)
        _fill(owner, running.conninfo(), arguments.orders)
        with _portal(running) as address:
            rows = _measure(address, secrets.administrator, arguments.orders)
    finally:
        with psycopg.connect(administration, autocommit=True) as connection:
            connection.execute(f"drop database if exists {_DATABASE} with (force)".encode())
    for row in rows:
        print(f"{row['page']:<44} {row['p50_ms']:>8.1f} {row['p95_ms']:>8.1f} ms {row['kilobytes']:>8.1f} kB")
    print(json.dumps({"orders": arguments.orders, "pages": rows}))


def _fill(conninfo: str, origin: str, orders: int) -> None:
    with psycopg.connect(origin) as source:
        process = source.execute("select process, plan::text, diagram from process_versions where active").fetchone()
    assert process is not None
    started = time.monotonic()
    with psycopg.connect(conninfo, autocommit=True) as connection:
        PostgresSchema(Database(lambda: conninfo)).migrate()
        connection.execute(
            "insert into process_versions (process, version, plan, diagram, diagram_hash, active)"
            " values (%s, 1, %s, %s, 'x', true)",
            process,
        )
        step = 50_000
        for first in range(1, orders + 1, step):
            span = {"first": first, "last": min(first + step - 1, orders)}
            connection.execute(_FILL.encode(), span)
            connection.execute(_EVENTS.encode(), span)
        connection.execute(_REST.replace("%%", "%").encode())
        connection.execute("vacuum analyze")
        summaries = PostgresSummaries(Database(lambda: conninfo))
        counting = time.monotonic()
        while summaries.add_page("America/Santiago", 0, 200_000):
            pass
        connection.execute("vacuum analyze")
    print(f"summarised in {time.monotonic() - counting:.0f} s", file=sys.stderr)
    print(
        f"{orders:,} orders and {10 * orders:,} events written in {time.monotonic() - started:.0f} s", file=sys.stderr
    )


@contextmanager
def _portal(running: Running) -> Iterator[str]:
    port = next(number for number in range(*RANGE) if can_bind(number))
    assets = portal.ensure_assets(running.instance)
    request = portal.request(running.instance, running.document, assets)
    changed = {
        name: make_conninfo(request.environment[name], dbname=_DATABASE)
        for name, _ in (("PORTAL_READER", READER), ("PORTAL_DATABASE", PORTAL))
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "--port", str(port)], env=os.environ | request.environment | changed
    )
    address = f"http://{HOST}:{port}"
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{address}/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def _measure(address: str, password: str, orders: int) -> list[dict[str, Any]]:
    cookies = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    opener.open(f"{address}/login").read()
    token = next(cookie.value for cookie in cookies if cookie.name == "mtd_login")
    form = urlencode({"csrf": token or "", "name": "admin", "password": password}).encode()
    opener.open(f"{address}/login", form).read()
    rare = f"CL-2026-{orders // 2:08}"
    paths = [
        "/",
        "/orders",
        f"/orders?q={rare}",
        f"/orders?q=c{orders // 3}%40example",
        "/orders?q=comprador",
        "/orders?q=comprador+1234",
        "/orders?q=comprador+1234&state=exception",
        "/orders?q=tienda+7&sort=-total",
        "/orders?q=SKU-77",
        "/orders?state=exception",
        "/orders?state=allocation",
        "/orders?sort=-total&min=1900000",
        "/orders?seller=Tienda+7",
        "/orders?q=nothing-like-this",
        f"/orders/{rare}",
        "/exceptions",
        "/waiting",
        "/statistics",
        "/statistics?span=month",
        "/people",
    ]
    rows = []
    for path in paths:
        times, size = [], 0
        for _ in range(_TIMES):
            started = time.perf_counter()
            size = len(opener.open(address + path).read())
            times.append((time.perf_counter() - started) * 1000)
        cuts = quantiles(times, n=20)
        rows.append({"page": path, "p50_ms": round(cuts[9], 1), "p95_ms": round(cuts[18], 1), "kilobytes": size / 1000})
    return rows


if __name__ == "__main__":
    main()
