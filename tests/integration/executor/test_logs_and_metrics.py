"""Logs and metrics reach CloudWatch, and an invocation answers with the tail of its log."""

import datetime
import re
from typing import Any

from tests.integration.executor.bare_localstack import poll
from tests.integration.executor.functions import Functions

TALKS = """
import logging, sys
logging.getLogger().setLevel("INFO")
print("at init")
def handler(event, context):
    print("printed", event)
    logging.getLogger("any").info("logged %s\\nsecond line", event)
    print("to stderr", event, file=sys.stderr)
    return context.aws_request_id
"""


def test_a_calls_log_is_complete_and_in_order(functions: Functions) -> None:
    functions.create("talks", TALKS)
    request_id = functions.invoke("talks", 1).payload
    events = poll(lambda: functions.log_events("talks"), because="the log is in CloudWatch")
    at_init, start, printed, logged, to_stderr, end, report = events
    assert at_init == "at init"
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert printed == "printed 1"
    assert re.fullmatch(rf"\[INFO\]\t\S+Z\t{request_id}\tlogged 1\nsecond line", logged), "one record, one event"
    assert to_stderr == "to stderr 1"
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t",
        report,
    )


def test_the_tail_is_the_same_log_and_only_a_cold_start_has_an_init_duration(functions: Functions) -> None:
    functions.create("tail", TALKS)
    cold, warm = functions.invoke("tail", 1), functions.invoke("tail", 2)
    assert cold.log.startswith("at init\nSTART RequestId: ")
    assert "Init Duration" in cold.log
    assert warm.log.startswith("START RequestId: ")
    assert "printed 2" in warm.log
    assert "Init Duration" not in warm.log


def test_no_event_is_lost_or_swapped_over_many_calls(functions: Functions) -> None:
    functions.create("many", TALKS)
    for number in range(40):
        functions.invoke("many", number)

    def numbers() -> list[int] | None:
        found = [int(text.split()[1]) for text in functions.log_events("many") if text.startswith("printed")]
        return found if len(found) == 40 else None

    assert poll(numbers) == list(range(40))
    reports = [text for text in functions.log_events("many") if text.startswith("REPORT")]
    assert len(reports) == 40


def test_much_output_is_kept_whole(functions: Functions) -> None:
    source = "def handler(event, context):\n    for i in range(event):\n        print(i, 'y' * 1000)\n"
    functions.create("verbose", source)
    functions.invoke("verbose", 3000)

    def lines() -> list[str] | None:
        found = [text for text in functions.log_events("verbose") if text.endswith("y")]
        return found if len(found) == 3000 else None

    assert [int(line.split()[0]) for line in poll(lines)] == list(range(3000))


def test_a_failed_init_is_in_the_log_too(functions: Functions) -> None:
    functions.create("broken", "import not_there\n")
    functions.invoke("broken")
    events = poll(lambda: functions.log_events("broken"))
    assert any(event.startswith("[ERROR] Runtime.ImportModuleError") for event in events)


def test_json_log_format_is_honoured(functions: Functions) -> None:
    functions.create("json", TALKS, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})
    functions.invoke("json", 1)
    events = poll(lambda: functions.log_events("json"))
    assert any('"message": "logged 1\\nsecond line"' in event for event in events)


def test_duration_invocations_and_errors_are_published(functions: Functions) -> None:
    source = "def handler(event, context):\n    if event:\n        raise ValueError\n"
    functions.create("measured", source)
    for fails in (False, True, False):
        functions.invoke("measured", fails)
    who = {"FunctionName": "measured"}
    poll(lambda: total(functions, "AWS/Lambda", "Invocations", "Sum", **who) == 3.0)
    assert total(functions, "AWS/Lambda", "Errors", "Sum", **who) == 1.0
    assert total(functions, "AWS/Lambda", "Duration", "SampleCount", **who) == 3.0
    assert total(functions, "AWS/Lambda", "Duration", "Maximum", **who) > 0


def test_embedded_metrics_become_metrics(functions: Functions) -> None:
    source = """
import json, time
def handler(event, context):
    directive = {"Namespace": "Mine", "Dimensions": [["Who"]], "Metrics": [{"Name": "made", "Unit": "Count"}]}
    header = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    print(json.dumps({"_aws": header, "Who": "me", "made": event}))
"""
    functions.create("embeds", source)
    functions.invoke("embeds", 4)
    functions.invoke("embeds", 3)
    poll(lambda: total(functions, "Mine", "made", "Sum", Who="me") == 7.0)


def test_a_metric_filter_counts_matches_in_its_own_group(functions: Functions) -> None:
    source = "def handler(event, context):\n    print(event)\n"
    for name in ("filtered", "unfiltered"):
        functions.create(name, source)
        functions.logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    functions.logs.put_metric_filter(
        logGroupName="/aws/lambda/filtered",
        filterName="errors",
        filterPattern='"went wrong"',
        metricTransformations=[{"metricName": "wrong", "metricNamespace": "Mine", "metricValue": "1"}],
    )
    for message in ("it went wrong", "all well", "again went wrong"):
        functions.invoke("filtered", message)
        functions.invoke("unfiltered", message)
    poll(lambda: total(functions, "Mine", "wrong", "Sum") == 2.0)


def test_metrics_of_every_form_add_up(functions: Functions) -> None:
    cloudwatch = functions.localstack.client("cloudwatch", account=functions.account)
    dimensions = [{"Name": "FunctionName", "Value": "forms"}]
    forms: list[dict[str, Any]] = [
        {"Value": 1.0},
        {"Values": [2.0, 3.0], "Counts": [2.0, 1.0]},
        {"Values": [4.0]},
        {"StatisticValues": {"SampleCount": 2.0, "Sum": 10.0, "Minimum": 4.0, "Maximum": 6.0}},
    ]

    cloudwatch.put_metric_data(
        Namespace="Forms", MetricData=[{"MetricName": "Each", "Dimensions": dimensions, **form} for form in forms]
    )

    assert total(functions, "Forms", "Each", "Sum", FunctionName="forms") == 22
    assert total(functions, "Forms", "Each", "SampleCount", FunctionName="forms") == 7


def total(functions: Functions, namespace: str, metric: str, statistic: str, **dimensions: str) -> float:
    """A metric's statistic over the last minutes; 0 when there is no datum yet."""
    now = datetime.datetime.now(datetime.UTC)
    points = functions.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - datetime.timedelta(minutes=5),
        EndTime=now + datetime.timedelta(minutes=5),
        Period=3600,
        Statistics=[statistic],
    )["Datapoints"]
    return float(sum(point[statistic] for point in points))
