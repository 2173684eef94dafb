"""The figures of a run, from its samples and its audit."""

import os
import platform
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from proving.stress.audit import StressAudit
from proving.stress.charts import Line
from proving.stress.handlers import HandlerTimes, per_order, percentile
from proving.stress.watching import Sample

# Requests that the emulator makes for itself and AWS does not bill: S3's events, functions' starts, telemetry.
_HOUSEKEEPING = {"sts.AssumeRole", "sqs.GetQueueUrl", "sqs.GetQueueAttributes", "sqs.ListQueues", "sqs.SendMessage"}
_BILLED = ("s3.", "sqs.", "lambda.Invoke", "ses.", "execute-api.", "states.", "secretsmanager.")
_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def billed_requests(counted: Mapping[str, int], orders: int) -> dict[str, float]:
    """AWS requests an order, by operation, without the client's put and the emulator's own requests."""
    total = {name: count for name, count in counted.items() if name.startswith(_BILLED) and name not in _HOUSEKEEPING}
    total["s3.PutObject"] = total.get("s3.PutObject", 0) - orders
    return {name: round(count / orders, 3) for name, count in sorted(total.items()) if count > 0 and orders}


def latencies_ms(put_at: Mapping[str, float], ends: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """For each ended order: its end (seconds since 1970), and milliseconds from its put to its end."""
    return sorted(
        (row["ended"], (row["ended"] - put_at[row["number"]]) * 1000)
        for row in ends
        if row["ended"] is not None and row["number"] in put_at
    )


def summary(
    *,
    audit: StressAudit,
    ended: Sequence[tuple[float, float]],
    seconds: float,
    samples: Sequence[Sample],
    times: Mapping[str, HandlerTimes],
    requests: Mapping[str, float],
) -> dict[str, Any]:
    """The report's JSON (docs/cli.md has the contract); `seconds` from the first put to the last end or mail."""
    values = [latency for _, latency in ended]
    peak = max((sum(sample.memory_mb.values()) for sample in samples), default=0.0)
    return {
        **asdict(audit),
        "seconds": round(seconds, 1),
        "orders_per_second": round(audit.completed / seconds, 1) if seconds else 0.0,
        "order_latency_ms": {name: round(percentile(values, share)) for name, share in _SHARES.items()}
        if values
        else {},
        "handler_ms_per_order": per_order(dict(times)),
        "longest_call_ms": {function: round(max(each.calls), 1) for function, each in times.items()},
        "orders_per_call": {
            function: round(len(each.per_order) / len(each.calls), 1) for function, each in times.items()
        },
        "aws_requests_per_order": round(sum(requests.values()), 2),
        "aws_requests_by_operation": dict(requests),
        "peak_memory_mb": round(peak, 1),
        "cpu_ms_per_order": cpu_ms_per_order(samples, audit.completed),
        "database": {
            "transactions_per_order": _per_order([sample.transactions for sample in samples], samples, audit.completed),
            "rows_written_per_order": _per_order([sample.rows_written for sample in samples], samples, audit.completed),
        },
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def cpu_ms_per_order(samples: Sequence[Sample], orders: int) -> dict[str, float]:
    """CPU milliseconds an order by group of processes."""
    groups = {group for sample in samples for group in sample.cpu}
    shares = {
        group: _per_order([sample.cpu.get(group, 0) * 10 for sample in samples], samples, orders) for group in groups
    }
    return {group: share for group, share in sorted(shares.items()) if share > 0}


def _per_order(rates: Sequence[float], samples: Sequence[Sample], orders: int) -> float:
    """The integral of a rate a second over the samples, divided by the orders."""
    before = [0.0, *(sample.at for sample in samples)]
    total = sum(rate * (sample.at - last) for rate, sample, last in zip(rates, samples, before, strict=False))
    return round(total / orders, 2) if orders else 0.0


def latency_lines(ended: Sequence[tuple[float, float]], started: float, width: float) -> dict[str, Line]:
    """Percentiles of the orders that ended within each `width` seconds, in seconds, over the time of their end."""
    buckets: dict[int, list[float]] = defaultdict(list)
    for at, latency in ended:
        buckets[int((at - started) / width)].append(latency / 1000)
    return {
        name: [((i + 0.5) * width, percentile(values, share)) for i, values in sorted(buckets.items())]
        for name, share in _SHARES.items()
    }


def rate_lines(samples: Sequence[Sample], smooth: int = 5) -> dict[str, Line]:
    """Orders a second put, registered, completed and mailed, each the mean of the last `smooth` samples."""
    counts = {
        "put": [sample.put for sample in samples],
        "registered": [sample.progress.registered for sample in samples],
        "completed": [sample.progress.completed for sample in samples],
        "mailed": [sample.progress.mails for sample in samples],
    }
    ats = [sample.at for sample in samples]
    return {
        name: [(ats[i], (values[i] - values[i - smooth]) / (ats[i] - ats[i - smooth])) for i in range(smooth, len(ats))]
        for name, values in counts.items()
    }


def sample_lines(samples: Sequence[Sample], attribute: str) -> dict[str, Line]:
    """The lines of a table in the samples (cpu, memory_mb, queues), without lines that never exceed 1."""
    lines: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for sample in samples:
        for name, value in getattr(sample, attribute).items():
            lines[name].append((sample.at, value))
    return {name: points for name, points in sorted(lines.items()) if max(value for _, value in points) > 1}
