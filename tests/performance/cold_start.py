"""Cold starts: a process forked from preloaded interpreters against a fresh interpreter.

The same function, with boto3 and psycopg imported (psycopg from a layer), is started anew in each round. Measured
by the executor: from the request for a process until that process asks for its first invocation (Init Duration); and by
the client: the whole call that met the cold start. The last line is one JSON object.

    .venv/bin/python tests/performance/cold_start.py [--rounds 30]
"""

import argparse
import importlib.metadata
import io
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:1] = [str(ROOT)]

from tests.integration.executor.bare_localstack import BareLocalStack  # noqa: E402
from tests.integration.executor.functions import Functions  # noqa: E402

SOURCE = """
import boto3, botocore.session, psycopg
def handler(event, context):
    return psycopg.__version__
"""
INIT = re.compile(r"Init Duration: ([\d.]+) ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds of each round: the init phase alone, and the whole call as the client saw it."""

    init: Sequence[float]
    call: Sequence[float]


def psycopg_layer() -> bytes:
    """A layer with the psycopg of this interpreter."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in ("psycopg", "psycopg-binary"):
            for file in importlib.metadata.files(name) or ():
                path = Path(str(file.locate()))
                if file.suffix != ".pyc" and path.is_file():
                    archive.write(path, f"python/{file}")
    return buffer.getvalue()


def measure(start: str, rounds: int) -> Times:
    """Start the function ``rounds`` times, each in a process of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="mtd-cold-start-") as folder,
        BareLocalStack(Path(folder), {"MTD_LAMBDA_START": start}) as localstack,
    ):
        functions = Functions(localstack, "000000000000")
        layer = functions.client.publish_layer_version(LayerName="p", Content={"ZipFile": psycopg_layer()})
        functions.create("cold", SOURCE, layers=[layer["LayerVersionArn"]], MemorySize=512, Timeout=30)
        functions.invoke("cold")  # the fork server loads its modules, byte code is written: once per layer
        init, call = [], []
        for _ in range(rounds):
            localstack.request("POST", "/_mtd/recycle", {"functions": ["cold"]})
            began = time.perf_counter()
            answer = functions.invoke("cold")
            call.append((time.perf_counter() - began) * 1000)
            found = INIT.search(answer.log)
            if answer.failed or found is None:
                raise SystemExit(f"The function did not start:\n{answer.log}")
            init.append(float(found[1]))
        return Times(init=init, call=call)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that ``percent`` of the values do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def machine() -> str:
    """The machine of the figures."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"model name\s*: (.+)", info.read_text())):
        model = found[1]
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def main() -> None:
    """Measure both ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=30, help="cold starts of each kind (default 30)")
    rounds = parser.parse_args().rounds
    if rounds < 2:
        parser.error("--rounds must be 2 or more")
    measured = {start: measure(start, rounds) for start in ("fork", "fresh")}
    print(f"Cold start with boto3 and psycopg, {rounds} rounds, ms\n{machine()}\n")
    print(f"{'':20}{'init p50':>10}{'init p95':>10}{'call p50':>10}{'call p95':>10}")
    for start, title in (("fork", "fork server"), ("fresh", "fresh interpreter")):
        times = measured[start]
        figures = [percentile(values, percent) for values in (times.init, times.call) for percent in (50, 95)]
        print(f"{title:20}" + "".join(f"{figure:10.1f}" for figure in figures))
    fork_ms, fresh_ms = (percentile(measured[start].init, 50) for start in ("fork", "fresh"))
    print(f"\nThe fork server is {fresh_ms / fork_ms:.1f} times faster.")
    print(json.dumps({"fork_p50_ms": round(fork_ms, 2), "fresh_p50_ms": round(fresh_ms, 2), "rounds": rounds}))


if __name__ == "__main__":
    main()
