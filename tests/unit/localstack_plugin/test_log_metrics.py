"""Metrics made of log events."""

import json
from typing import Any

import pytest
from mtd_localstack.telemetry.filter_patterns import matcher
from mtd_localstack.telemetry.log_metrics import embedded_metrics, filtered_metrics

ENTRY = json.dumps(
    {"level": "ERROR", "code": 503, "late": True, "note": None, "order": {"lines": [{"sku": "A-1"}]}, "word": "503"}
)


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ("ERROR", "an ERROR here", True),
        ("ERROR", "an error here", False),
        ("ERROR fatal", "fatal ERROR", True),
        ("ERROR fatal", "ERROR", False),
        ('"went wrong"', "it went wrong", True),
        ('"went wrong"', "wrong it went", False),
        ("?one ?two", "has two", True),
        ("?one ?two", "has neither", False),
        ("ERROR -ignored", "ERROR ignored", False),
        ("ERROR -ignored", "ERROR", True),
        ('{ $.level = "ERROR" }', ENTRY, True),
        ('{ $.level = "ERR*" }', ENTRY, True),
        ('{ $.level != "ERROR" }', ENTRY, False),
        ('{ $.missing != "ERROR" }', ENTRY, False),
        ("{ $.code >= 500 }", ENTRY, True),
        ("{ $.code < 500 }", ENTRY, False),
        ("{ $.code = 503 }", ENTRY, True),
        ('{ $.order.lines[0].sku = "A-1" }', ENTRY, True),
        ('{ ($.level = "ERROR") && ($.code = 200) }', ENTRY, False),
        ('{ ($.level = "WARN") || ($.code = 503) }', ENTRY, True),
        ("{ $.late IS TRUE }", ENTRY, True),
        ("{ $.note IS NULL }", ENTRY, True),
        ("{ $.nowhere NOT EXISTS }", ENTRY, True),
        ('{ $.level = "ERROR" }', "no json", False),
        ("[a, b]", "a b", False),
        ("%re%", "re", False),
    ],
)
def test_filter_patterns(pattern: str, message: str, expected: bool) -> None:
    assert matcher(pattern)(message) is expected


def metric_filter(**transformation: Any) -> dict[str, Any]:
    """A filter that matches everything."""
    base = {"metricName": "m", "metricNamespace": "N", "metricValue": "1"}
    return {"filterPattern": "", "metricTransformations": [{**base, **transformation}]}


def test_a_filter_yields_its_value_at_the_events_time() -> None:
    (datum,) = filtered_metrics("text", 1_700_000_000_999, [metric_filter(metricValue="2.5", unit="Seconds")])
    assert (datum.namespace, datum.name, datum.value) == ("N", "m", 2.5)
    assert (datum.unit, datum.at) == ("Seconds", 1_700_000_000)


def test_a_filter_can_take_its_value_from_the_event() -> None:
    (datum,) = filtered_metrics('{"ms": 12}', 0, [metric_filter(metricValue="$.ms")])
    assert datum.value == 12
    assert filtered_metrics('{"other": 12}', 0, [metric_filter(metricValue="$.ms")]) == []


def embedded(**fields: Any) -> str:
    """A message in embedded metric format with two metrics and two sets of dimensions."""
    directive = {
        "Namespace": "MTD",
        "Dimensions": [["Function"], ["Function", "State"]],
        "Metrics": [{"Name": "made", "Unit": "Count"}, {"Name": "took"}],
    }
    header = {"Timestamp": 1_700_000_000_123, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": header, "Function": "f", "State": "s", **fields})


def test_embedded_metrics_have_each_set_of_dimensions() -> None:
    data = embedded_metrics(embedded(made=3, took=[1.5, 2]), 0)
    seen = {(datum.name, datum.dimensions, datum.unit, datum.value) for datum in data}
    short, long = (("Function", "f"),), (("Function", "f"), ("State", "s"))
    assert seen == {
        *(("made", dimensions, "Count", 3.0) for dimensions in (short, long)),
        *(("took", dimensions, "None", value) for dimensions in (short, long) for value in (1.5, 2.0)),
    }
    assert {datum.at for datum in data} == {1_700_000_000}


@pytest.mark.parametrize(
    "message", ["text", '"CloudWatchMetrics" no json', '{"_aws": {"CloudWatchMetrics": 1}}', embedded(made="much")]
)
def test_other_messages_yield_no_embedded_metric(message: str) -> None:
    assert embedded_metrics(message, 0) == []
