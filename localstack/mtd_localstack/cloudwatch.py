"""Stores logs and metrics in this LocalStack's CloudWatch (see delivery.py for why not by its API alone)."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.logs.models import get_moto_logs_backend

from .delivery import LogStream, Measured
from .log_events import LogEvent

MAX_VALUES = 150
"""PutMetricData takes so many values in one datum."""
MAX_DATA = 1000


class CloudWatchReceiver:
    """The Receiver of a running LocalStack."""

    def put_logs(self, stream: LogStream, events: Sequence[LogEvent]) -> None:
        """Append to the stream in the Logs backend itself: no client, no request, no serialization."""
        backend = get_moto_logs_backend(stream.account, stream.region)
        group = backend.groups.get(stream.group)
        if group is None or stream.name not in group.streams:
            self._create(stream)
        rows = [{"timestamp": event.timestamp, "message": event.message} for event in events]
        backend.put_log_events(stream.group, stream.name, rows)

    def put_metrics(self, measured: Sequence[Measured]) -> None:
        """Record Invocations, Errors and Duration of AWS/Lambda, the values of a function gathered in one datum."""
        first = measured[0]
        client = connect_to(aws_access_key_id=first.account, region_name=first.region).cloudwatch
        data = metric_data(measured)
        for start in range(0, len(data), MAX_DATA):
            client.put_metric_data(Namespace="AWS/Lambda", MetricData=data[start : start + MAX_DATA])

    def _create(self, stream: LogStream) -> None:
        client = connect_to(aws_access_key_id=stream.account, region_name=stream.region).logs
        for create, arguments in (
            (client.create_log_group, {"logGroupName": stream.group}),
            (client.create_log_stream, {"logGroupName": stream.group, "logStreamName": stream.name}),
        ):
            with suppress(client.exceptions.ResourceAlreadyExistsException):
                create(**arguments)


def metric_data(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """PutMetricData's MetricData of some calls."""
    values: dict[tuple[str, str, str, int], list[float]] = defaultdict(list)
    for call in measured:
        second = int(call.at)
        values["Duration", "Milliseconds", call.function, second].append(round(call.duration_ms, 3))
        values["Invocations", "Count", call.function, second].append(1.0)
        values["Errors", "Count", call.function, second].append(float(call.is_error))
    data = []
    for (name, unit, function, second), numbers in values.items():
        for start in range(0, len(numbers), MAX_VALUES):
            part = numbers[start : start + MAX_VALUES]
            data.append(
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "FunctionName", "Value": function}],
                    "Timestamp": datetime.fromtimestamp(second, UTC),
                    "Unit": unit,
                    "Values": part,
                    "Counts": [1.0] * len(part),
                }
            )
    return data
