"""CloudWatch's present figures: the alarms that fire, and the results of recent calls to legacy systems."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

type Row = dict[str, Any]

LOG = logging.getLogger(__name__)
LATELY = timedelta(minutes=5)
_CALLERS: Mapping[str, Sequence[str]] = {
    "gift_card": ("redeem_gift_card",),
    "eom": ("allocate_order", "dispatch_order"),
    "paperless": ("issue_dte",),
    "sales_support": ("open_sales_support",),
}
"""The functions that call each legacy system; an order counts as done, retried, parked or failed there."""
_OUTCOMES = ("done", "retried", "parked", "failed")


_COUNTS = {"invocations": ("Invocations", "Sum"), "errors": ("Errors", "Sum")}
_TIMES = {"p50": ("Duration", "p50"), "p99": ("Duration", "p99")}


def last_hour(client: Any, prefix: str, names: Sequence[str]) -> dict[str, Row]:
    """For each function its invocations and errors of the last hour, and its p50 and p99 in milliseconds; a figure that
    CloudWatch does not have is None. Raises ClientError where there are no counts either."""
    found: dict[str, Row] = {name: dict.fromkeys((*_COUNTS, *_TIMES)) for name in names}
    if not names:
        return found
    _put(found, client, prefix, _COUNTS)
    try:
        _put(found, client, prefix, _TIMES)
    except ClientError as error:
        # The emulator refuses percentiles: what it knows is shown.
        LOG.warning("no percentiles", extra={"error": str(error)})
    return found


def _put(found: dict[str, Row], client: Any, prefix: str, figures: Mapping[str, tuple[str, str]]) -> None:
    names, now = list(found), datetime.now(UTC)
    queries = [
        {
            "Id": f"f{number}_{figure}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": metric,
                    "Dimensions": [{"Name": "FunctionName", "Value": f"{prefix}{name}"}],
                },
                "Period": 3600,
                "Stat": statistic,
            },
        }
        for number, name in enumerate(names)
        for figure, (metric, statistic) in figures.items()
    ]
    answer = client.get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(hours=1), EndTime=now + timedelta(minutes=1)
    )
    for result in answer["MetricDataResults"]:
        number, _, figure = result["Id"].removeprefix("f").partition("_")
        if values := result["Values"]:
            found[names[int(number)]][figure] = sum(values) if figure in _COUNTS else max(values)


def alarms(client: Any, prefix: str) -> list[Row]:
    """The alarms in state ALARM whose name begins so: name, what it means, since when; the latest first."""
    pages = client.get_paginator("describe_alarms").paginate(StateValue="ALARM", AlarmNamePrefix=prefix)
    rows = [
        {
            "name": alarm["AlarmName"].removeprefix(prefix),
            "meaning": alarm.get("AlarmDescription", ""),
            "since": alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp"),
        }
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm["StateValue"] == "ALARM"
    ]
    return sorted(rows, key=lambda row: (row["since"] or datetime.min.replace(tzinfo=UTC), row["name"]), reverse=True)


def legacy_tries(client: Any) -> list[Row]:
    """For each legacy system how many orders were tried there in the last minutes, and how many of them not done."""
    queries = [
        {
            "Id": f"f{number}_{outcome}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "MTD",
                    "MetricName": outcome,
                    "Dimensions": [{"Name": "Function", "Value": function}],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for number, function in enumerate(_functions())
        for outcome in _OUTCOMES
    ]
    now = datetime.now(UTC)
    answer = client.get_metric_data(
        MetricDataQueries=queries, StartTime=now - LATELY, EndTime=now + timedelta(minutes=1)
    )
    counted: dict[str, dict[str, float]] = {function: dict.fromkeys(_OUTCOMES, 0.0) for function in _functions()}
    for result in answer["MetricDataResults"]:
        number, _, outcome = result["Id"].removeprefix("f").partition("_")
        counted[_functions()[int(number)]][outcome] += sum(result["Values"])
    return [_row(system, [counted[function] for function in functions]) for system, functions in _CALLERS.items()]


def _functions() -> list[str]:
    return [function for functions in _CALLERS.values() for function in functions]


def _row(system: str, counts: Sequence[Mapping[str, float]]) -> Row:
    tried = int(sum(sum(each.values()) for each in counts))
    return {"system": system, "tried": tried, "failed": tried - int(sum(each["done"] for each in counts))}
