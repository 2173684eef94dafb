"""Stores logs and metrics in this LocalStack's CloudWatch (see delivery.py for why not by its API alone)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.logs.models import get_moto_logs_backend

from mtd_localstack.executor.log_events import LogEvent
from mtd_localstack.telemetry.delivery import LogStream, Measured
from mtd_localstack.telemetry.log_metrics import Datum, embedded_metrics, filtered_metrics

NAMESPACE = "AWS/Lambda"
MAX_VALUES = 150
"""The most values in one datum of PutMetricData."""
MAX_DATA = 1000
"""The most data in one PutMetricData."""


class CloudWatchReceiver:
    """The Receiver of a running LocalStack."""

    def __init__(self) -> None:
        self._from_logs: dict[tuple[str, str], list[Datum]] = defaultdict(list)

    def put_logs(self, stream: LogStream, events: Sequence[LogEvent]) -> None:
        """Append to the stream in the Logs backend itself: no client, no request, no serialization."""
        backend = get_moto_logs_backend(stream.account, stream.region)
        group = backend.groups.get(stream.group)
        if group is None or stream.name not in group.streams:
            self._create(stream)
        rows = [{"timestamp": event.timestamp, "message": event.message} for event in events]
        backend.put_log_events(stream.group, stream.name, rows)
        filters = [one for one in backend.filters.metric_filters if one["logGroupName"] == stream.group]
        found = self._from_logs[stream.account, stream.region]
        for event in events:
            found += embedded_metrics(event.message, event.timestamp)
            found += filtered_metrics(event.message, event.timestamp, filters)

    def put_metrics(self, measured: Sequence[Measured]) -> None:
        """Record Invocations, Errors and Duration of AWS/Lambda, and the metrics found in the logs since."""
        place = measured[0].account, measured[0].region
        client = connect_to(aws_access_key_id=place[0], region_name=place[1]).cloudwatch
        data = [datum for call in measured for datum in lambda_metrics(call)] + self._from_logs.pop(place, [])
        for namespace, entries in metric_data(data).items():
            for start in range(0, len(entries), MAX_DATA):
                client.put_metric_data(Namespace=namespace, MetricData=entries[start : start + MAX_DATA])

    def _create(self, stream: LogStream) -> None:
        client = connect_to(aws_access_key_id=stream.account, region_name=stream.region).logs
        for create, arguments in (
            (client.create_log_group, {"logGroupName": stream.group}),
            (client.create_log_stream, {"logGroupName": stream.group, "logStreamName": stream.name}),
        ):
            with suppress(client.exceptions.ResourceAlreadyExistsException):
                create(**arguments)


def lambda_metrics(call: Measured) -> Iterable[Datum]:
    """The metrics that Lambda publishes about a call."""
    for name, unit, value in (
        ("Duration", "Milliseconds", round(call.duration_ms, 3)),
        ("Invocations", "Count", 1.0),
        ("Errors", "Count", float(call.is_error)),
    ):
        yield Datum(
            namespace=NAMESPACE,
            name=name,
            dimensions=(("FunctionName", call.function),),
            unit=unit,
            at=int(call.at),
            value=value,
        )


def metric_data(data: Iterable[Datum]) -> dict[str, list[dict[str, Any]]]:
    """PutMetricData's MetricData by namespace, the values of one metric and second gathered in one entry."""
    series: dict[tuple[str, str, tuple[tuple[str, str], ...], str, int], list[float]] = defaultdict(list)
    for one in data:
        series[one.namespace, one.name, one.dimensions, one.unit, one.at].append(one.value)
    entries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (namespace, name, dimensions, unit, at), values in series.items():
        for start in range(0, len(values), MAX_VALUES):
            part = values[start : start + MAX_VALUES]
            entries[namespace].append(
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
                    "Timestamp": datetime.fromtimestamp(at, UTC),
                    "Unit": unit,
                    "Values": part,
                    "Counts": [1.0] * len(part),
                }
            )
    return entries
