"""CloudWatch's metrics, stored in one transaction a request: LocalStack opens SQLite and commits once a metric."""

import time
from typing import Any

from localstack.services.cloudwatch import cloudwatch_database_helper
from localstack.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase

from mtd_localstack.telemetry.closing_connections import closing_sqlite, connect

_INSERT = f"""insert into {CloudwatchDatabase.TABLE_SINGLE_METRICS}
    (account_id, region, metric_name, namespace, timestamp, dimensions, unit, storage_resolution, value)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def close_connections() -> None:
    """Have CloudWatch close the connection of each query."""
    cloudwatch_database_helper.sqlite3 = closing_sqlite()


def add_metrics_at_once() -> None:
    """Replace how CloudWatch stores metrics; statistic sets go the old way."""
    add = CloudwatchDatabase.add_metric_data

    def add_metric_data(
        self: CloudwatchDatabase, account_id: str, region: str, namespace: str, metric_data: list[dict[str, Any]]
    ) -> None:
        rows = []
        for metric in metric_data:
            if metric.get("StatisticValues"):
                add(self, account_id, region, namespace, [metric])
                continue
            row = (
                account_id,
                region,
                metric.get("MetricName"),
                namespace,
                self._convert_timestamp_to_unix(metric["Timestamp"]) if metric.get("Timestamp") else int(time.time()),
                self._get_ordered_dimensions_with_separator(metric.get("Dimensions")),
                metric.get("Unit"),
                metric.get("StorageResolution"),
            )
            rows += [(*row, value) for value in _values(metric)]
        with self.DATABASE_LOCK, connect(self.METRICS_DB) as connection:
            # A crash of the machine loses LocalStack's memory anyway.
            connection.execute("pragma synchronous = off")
            connection.executemany(_INSERT, rows)

    CloudwatchDatabase.add_metric_data = add_metric_data


def _values(metric: dict[str, Any]) -> list[float]:
    """All of them, each as often as it was counted."""
    if metric.get("Value") is not None:
        return [metric["Value"]]
    values = metric.get("Values") or []
    counts = metric.get("Counts") or [1] * len(values)
    return [value for value, count in zip(values, counts, strict=True) for _ in range(int(count))]
