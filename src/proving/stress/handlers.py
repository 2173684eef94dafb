"""Times of functions an order, from their logs: the duration in a REPORT line, divided by the orders of that call.

The first call of an environment, whose REPORT has an Init Duration, opens connections. It counts as a call, but not as
a warm call.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_REPORT = re.compile(r"^REPORT RequestId: (\S+)\s+Duration: ([\d.]+) ms")
_INIT = "Init Duration"
_METRICS = '{"_aws"'


@dataclass(slots=True)
class HandlerTimes:
    """Milliseconds of one function."""

    per_order: list[float] = field(default_factory=list)
    """Each order's share of its warm call."""
    calls: list[float] = field(default_factory=list)


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def handler_times(logs: Any, prefix: str, since_ms: int) -> dict[str, HandlerTimes]:
    """By function, whose log groups start with `prefix`: the calls since then that handled orders."""
    found: dict[str, HandlerTimes] = defaultdict(HandlerTimes)
    for group in _all(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
        name = group["logGroupName"]
        for stream in _all(logs, "describe_log_streams", "logStreams", logGroupName=name):
            orders = 0
            for message in _messages(logs, name, stream["logStreamName"], since_ms):
                if message.startswith(_METRICS):
                    orders = int(json.loads(message).get("orders") or 0)
                elif report := _REPORT.match(message):
                    if orders:
                        times = found[name.removeprefix(prefix)]
                        times.calls.append(float(report[2]))
                        if _INIT not in message:
                            times.per_order += [float(report[2]) / orders] * orders
                    orders = 0
    return dict(sorted(found.items()))


def per_order(times: dict[str, HandlerTimes]) -> dict[str, dict[str, float]]:
    """`{function: {p50, p99, max}}` in milliseconds an order."""
    return {
        function: {
            "p50": round(percentile(each.per_order, 0.5), 2),
            "p99": round(percentile(each.per_order, 0.99), 2),
            "max": round(max(each.per_order), 2),
        }
        for function, each in times.items()
        if each.per_order
    }


def _all(logs: Any, operation: str, key: str, **parameters: str) -> Iterator[dict[str, Any]]:
    for page in logs.get_paginator(operation).paginate(**parameters):
        yield from page[key]


def _messages(logs: Any, group: str, stream: str, since_ms: int) -> Iterator[str]:
    token: str | None = None
    while True:
        more = {"nextToken": token} if token else {}
        page = logs.get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True, startTime=since_ms, **more
        )
        yield from (event["message"] for event in page["events"])
        if page["nextForwardToken"] == token or not page["events"]:
            return
        token = page["nextForwardToken"]
