"""CloudWatch's figures of the moment, from its recorded answers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from mtd.domain.errors import UnavailableError
from portal.clients.cloud import Cloud
from portal.clients.cloudwatch import alarms, last_hour, legacy_tries

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeCloudWatch:
    """Alarms in one page, and one answer of metrics made from what was asked."""

    def __init__(self, found: list[dict[str, Any]], values: Callable[[str, str], list[float]]) -> None:
        self._found, self._values = found, values
        self.asked: dict[str, Any] = {}

    def get_paginator(self, name: str) -> "FakeCloudWatch":
        assert name == "describe_alarms"
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked = asked
        return iter([{"MetricAlarms": self._found}])

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        results = []
        for query in asked["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            function = metric["Dimensions"][0]["Value"]
            results.append({"Id": query["Id"], "Values": self._values(function, metric["MetricName"])})
        return {"MetricDataResults": results}


def test_alarms_are_told_by_their_short_names_the_latest_first() -> None:
    client = FakeCloudWatch(
        [
            {"AlarmName": "mtd-local-a", "AlarmDescription": "A", "StateValue": "ALARM", "StateUpdatedTimestamp": AT},
            {"AlarmName": "mtd-local-b", "StateValue": "ALARM", "StateUpdatedTimestamp": AT.replace(hour=4)},
            {"AlarmName": "mtd-local-c", "StateValue": "OK", "StateUpdatedTimestamp": AT},
        ],
        lambda *_: [],
    )
    assert alarms(client, "mtd-local-") == [
        {"name": "b", "meaning": "", "since": AT.replace(hour=4)},
        {"name": "a", "meaning": "A", "since": AT},
    ]
    assert client.asked == {"StateValue": "ALARM", "AlarmNamePrefix": "mtd-local-"}


def test_a_systems_tries_are_those_of_all_functions_that_call_it() -> None:
    counts = {
        ("allocate_order", "done"): [3.0, 2.0],
        ("dispatch_order", "failed"): [1.0],
        ("dispatch_order", "parked"): [2.0],
        ("issue_dte", "retried"): [4.0],
    }
    client = FakeCloudWatch([], lambda function, name: counts.get((function, name), []))
    tries = {row["system"]: (row["tried"], row["failed"]) for row in legacy_tries(client)}
    assert tries == {"gift_card": (0, 0), "eom": (8, 3), "paperless": (4, 4), "sales_support": (0, 0)}


class SilentCloud(Cloud):
    """AWS does not answer, and counts how often it was asked."""

    asked = 0

    def _client(self, service: str) -> Any:
        self.asked += 1
        raise EndpointConnectionError(endpoint_url=f"http://{service}")


def test_silence_is_remembered_so_that_nobody_waits_for_it_at_each_look() -> None:
    cloud = SilentCloud("local", "us-west-2", "")
    for _ in range(3):
        with pytest.raises(UnavailableError):
            cloud.alarms()
    assert cloud.asked == 1


class Counting:
    """CloudWatch that knows counts, and refuses percentiles as the emulator does."""

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        if any(query["MetricStat"]["Stat"].startswith("p") for query in asked["MetricDataQueries"]):
            raise ClientError({"Error": {"Code": "InvalidParameterValue"}}, "GetMetricData")
        return {
            "MetricDataResults": [{"Id": "f1_invocations", "Values": [3.0, 4.0]}, {"Id": "f0_errors", "Values": []}]
        }


def test_functions_are_shown_without_the_percentiles_that_the_emulator_lacks() -> None:
    """The page said that AWS does not answer."""
    found = last_hour(Counting(), "mtd-local-", ["a", "b"])
    assert found["b"] == {"invocations": 7.0, "errors": None, "p50": None, "p99": None}
    assert found["a"]["invocations"] is None
    assert last_hour(Counting(), "mtd-local-", []) == {}
