"""The stress run's arithmetic: its schedule, what the audit finds, and what the figures say."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devenv.instance import PROJECT
from proving.stress import charts, figures, report
from proving.stress.audit import StressAudit, audit
from proving.stress.database import RunProgress
from proving.stress.handlers import HandlerTimes, handler_times, per_order, percentile
from proving.stress.schedule import GeneratedOrders, repeated_waves, single_wave
from proving.stress.watching import Sample


def end(number: str, outcome: str | None = "completed", tokens: int = 0, ended: float | None = 2.0) -> dict[str, Any]:
    return {"number": number, "outcome": outcome, "tokens": tokens, "received": 1.0, "ended": ended}


def sample(at: float, **fields: Any) -> Sample:
    progress = RunProgress(registered=int(at * 10), completed=int(at * 5), exceptions=0, mails=int(at * 4))
    values: dict[str, Any] = {
        "put": int(at * 20),
        "progress": progress,
        "cpu": {"localstack": 50.0, "idle": 0.1},
        "transactions": 30.0,
        "rows_written": 100.0,
    }
    return Sample(at=at, **(values | fields))


def test_a_tide_is_waves_in_quick_motion() -> None:
    schedule = repeated_waves(400, every=180, duration=1800, speedup=20)
    assert [wave.due for wave in schedule.waves] == [i * 9.0 for i in range(10)]
    assert schedule.orders == 4_000


def test_a_day_has_its_late_orders() -> None:
    schedule = single_wave(100, 7, rate=5)
    assert schedule.orders == 107
    assert [(wave.orders, wave.due, wave.rate) for wave in schedule.waves] == [(100, 0, 5)]


def test_generated_orders_are_distinct_and_repeatable() -> None:
    first = GeneratedOrders(PROJECT, "S1", seed=3)
    taken = first.take(5) + first.take(5)
    assert len({order.number for order in taken}) == 10
    assert taken == GeneratedOrders(PROJECT, "S1", seed=3).take(10)
    assert all(order.number.encode() in order.content for order in taken)


CLEAN = audit(["A", "B"], [end("A"), end("B", "exception")], Counter({"A": 1}), Counter({"A": 1}), 0)


def test_a_clean_run_has_no_findings() -> None:
    assert CLEAN.findings() == {}
    assert (CLEAN.orders, CLEAN.completed, CLEAN.exceptions) == (2, 1, 1)


@pytest.mark.parametrize(
    ("ends", "documents", "mails", "gaps", "finding"),
    [
        ([end("A")], {"A": 1}, {"A": 1}, 0, "lost"),
        ([end("A"), end("B", None, 1, None)], {"A": 1}, {"A": 1}, 0, "unended"),
        ([end("A"), end("B", tokens=1)], {"A": 1, "B": 1}, {"A": 1, "B": 1}, 0, "unended"),
        ([end("A"), end("B"), end("B")], {"A": 1, "B": 1}, {"A": 1, "B": 1}, 0, "registered_twice"),
        ([end("A"), end("B")], {"A": 1}, {"A": 1, "B": 1}, 0, "dte_missing"),
        ([end("A"), end("B")], {"A": 2, "B": 1}, {"A": 1, "B": 1}, 0, "dte_doubled"),
        ([end("A"), end("B")], {"A": 1, "B": 1}, {"A": 1}, 0, "mails_missing"),
        ([end("A"), end("B")], {"A": 1, "B": 1}, {"A": 1, "B": 3}, 0, "mails_doubled"),
        ([end("A"), end("B")], {"A": 1, "B": 1}, {"A": 1, "B": 1}, 2, "event_gaps"),
    ],
)
def test_the_audit_finds_it(
    ends: list[dict[str, Any]], documents: dict[str, int], mails: dict[str, int], gaps: int, finding: str
) -> None:
    found = audit(["A", "B"], ends, Counter(documents), Counter(mails), gaps).findings()
    assert list(found) == [finding]


def test_a_broken_invariant_is_a_finding() -> None:
    found = audit(["A"], [end("A")], Counter({"A": 1}), Counter({"A": 1}), 0, broken=3)
    assert found.findings() == {"invariants_broken": 3}


def test_requests_an_order_leave_out_the_clients_put_and_the_emulators_own() -> None:
    counted = Counter({"s3.PutObject": 12, "s3.GetObject": 10, "sqs.SendMessage": 10, "logs.CreateLogStream": 3})
    assert figures.billed_requests(counted, 10) == {"s3.GetObject": 1.0, "s3.PutObject": 0.2}
    assert figures.billed_requests(Counter(), 0) == {}


@pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 3), (0.99, 5), (1, 5)])
def test_percentiles(share: float, value: float) -> None:
    assert percentile([5, 1, 4, 2, 3], share) == value


class FakeLogs:
    """One log group with one stream."""

    def __init__(self, messages: list[str]) -> None:
        self._messages = messages

    def get_paginator(self, operation: str) -> "FakeLogs":
        self._operation = operation
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        if self._operation == "describe_log_groups":
            return [{"logGroups": [{"logGroupName": "/aws/lambda/x-issue_dte"}]}]
        return [{"logStreams": [{"logStreamName": "one"}]}]

    def get_log_events(self, nextToken: str = "0", **_: object) -> dict[str, Any]:  # noqa: N803
        at = int(nextToken)
        page = self._messages[at : at + 2]
        return {"events": [{"message": text} for text in page], "nextForwardToken": str(at + len(page))}


def test_a_call_counts_for_each_of_its_orders() -> None:
    logs = FakeLogs(
        [
            "START RequestId: 1",
            '{"_aws": {}, "orders": 3}',
            "REPORT RequestId: 1\tDuration: 30.00 ms\tBilled Duration: 30 ms",
            "REPORT RequestId: 2\tDuration: 999.00 ms\tBilled Duration: 999 ms",
            '{"_aws": {}, "orders": 1}',
            "REPORT RequestId: 3\tDuration: 40.00 ms\tBilled Duration: 40 ms",
        ]
    )
    times = handler_times(logs, "/aws/lambda/x-", 0)
    assert times["issue_dte"].per_order == [10.0, 10.0, 10.0, 40.0]
    assert times["issue_dte"].calls == [30.0, 40.0]
    assert per_order(times) == {"issue_dte": {"p50": 10.0, "p99": 40.0, "max": 40.0}}


def test_the_first_call_of_an_environment_is_no_warm_one() -> None:
    logs = FakeLogs(
        [
            '{"_aws": {}, "orders": 1}',
            "REPORT RequestId: 1\tDuration: 80.00 ms\tBilled Duration: 90 ms\tInit Duration: 9.10 ms",
            '{"_aws": {}, "orders": 1}',
            "REPORT RequestId: 2\tDuration: 4.00 ms\tBilled Duration: 4 ms",
        ]
    )
    times = handler_times(logs, "/aws/lambda/x-", 0)
    assert times["issue_dte"].per_order == [4.0]
    assert times["issue_dte"].calls == [80.0, 4.0]


def summary(found: StressAudit = CLEAN, samples: tuple[Sample, ...] = ()) -> dict[str, Any]:
    return figures.summary(
        audit=found,
        ended=figures.latencies_ms({"A": 1.0, "B": 1.5}, [end("A"), end("B"), end("C", None, 1, None)]),
        seconds=4.0,
        samples=samples,
        times={"issue_dte": HandlerTimes(per_order=[1.0, 3.0], calls=[4.0])},
        requests={"s3.GetObject": 1.0, "sqs.SendMessageBatch": 0.25},
    )


def test_the_summary_has_the_fields_of_the_contract() -> None:
    figures = summary(samples=(sample(1.0, memory_mb={"a": 10.0, "b": 5.5}), sample(2.0)))
    assert figures["order_latency_ms"] == {"p50": 500, "p95": 1000, "p99": 1000}
    assert figures["aws_requests_per_order"] == 1.25
    assert figures["peak_memory_mb"] == 15.5
    assert figures["longest_call_ms"] == {"issue_dte": 4.0}
    assert figures["cpu_ms_per_order"]["localstack"] == 1000.0
    assert figures["database"]["rows_written_per_order"] == 200.0
    assert figures["lost"] == figures["dte_doubled"] == figures["mails_missing"] == figures["mails_doubled"] == 0


def test_rates_are_the_differences_of_counts() -> None:
    lines = figures.rate_lines([sample(float(i)) for i in range(8)], smooth=5)
    assert [round(rate) for _, rate in lines["put"]] == [20, 20, 20]
    assert [round(rate) for _, rate in lines["completed"]] == [5, 5, 5]


def test_idle_lines_are_left_out() -> None:
    assert list(figures.sample_lines([sample(1.0), sample(2.0)], "cpu")) == ["localstack"]


def test_the_report_is_written_whole_and_escaped(tmp_path: Path) -> None:
    samples = [sample(float(i), queues={"orders": i}, memory_mb={"localstack": 100.0}) for i in range(1, 9)]
    lost = replace(CLEAN, lost=1)
    ended = [(2.0, 500.0), (3.0, 900.0)]
    report.write(tmp_path, "10 orders <b>", summary(lost, tuple(samples)), samples, ended, 1.0)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "10 orders &lt;b&gt;" in page
    assert "<div class=bad><dt>lost</dt><dd>1</dd></div>" in page
    plots = {path.stem for path in tmp_path.glob("*.svg")}
    assert plots == {"throughput", "latency", "queues", "cpu", "memory", "database"}
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_plot_without_points_is_none() -> None:
    assert charts.line_chart("empty", "x", {"a": [], "b": []}) == ""
