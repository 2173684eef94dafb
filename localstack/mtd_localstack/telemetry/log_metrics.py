"""Metrics that CloudWatch makes of log events: the embedded metric format, and the metric filters of a log group."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from mtd_localstack.telemetry.filter_patterns import MISSING, matcher, select

EMBEDDED_MARK = '"CloudWatchMetrics"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One value of a metric; ``at`` in whole seconds since 1970, dimensions as pairs of name and value."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    at: int
    value: float


def embedded_metrics(message: str, timestamp: int) -> list[Datum]:
    """The metrics in a message in embedded metric format; none of a message that is not. ``timestamp`` in ms."""
    if EMBEDDED_MARK not in message:
        return []
    try:
        document = json.loads(message)
        return list(_embedded(document, timestamp))
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _embedded(document: Mapping[str, Any], timestamp: int) -> Iterator[Datum]:
    header = document["_aws"]
    at = int(header.get("Timestamp", timestamp)) // 1000
    for directive in header["CloudWatchMetrics"]:
        for names, metric in product(directive.get("Dimensions") or [[]], directive["Metrics"]):
            found = document.get(metric["Name"])
            for value in found if isinstance(found, list) else [found]:
                if isinstance(value, int | float):
                    yield Datum(
                        namespace=directive["Namespace"],
                        name=metric["Name"],
                        dimensions=tuple((name, str(document[name])) for name in names),
                        unit=metric.get("Unit", "None"),
                        at=at,
                        value=float(value),
                    )


def filtered_metrics(message: str, timestamp: int, filters: Sequence[Mapping[str, Any]]) -> list[Datum]:
    """The metrics that the filters (as the Logs API describes them) make of a message; ``timestamp`` in ms."""
    data = []
    for one in filters:
        if not matcher(one.get("filterPattern") or "")(message):
            continue
        for transformation in one["metricTransformations"]:
            value = _value(str(transformation.get("metricValue", "1")), message)
            if value is not None:
                data.append(
                    Datum(
                        namespace=transformation["metricNamespace"],
                        name=transformation["metricName"],
                        dimensions=(),
                        unit=transformation.get("unit", "None"),
                        at=timestamp // 1000,
                        value=value,
                    )
                )
    return data


def _value(text: str, message: str) -> float | None:
    try:
        if not text.startswith("$."):
            return float(text)
        found = select(json.loads(message), text[1:])
        return None if found is MISSING else float(found)
    except (ValueError, TypeError):
        return None
