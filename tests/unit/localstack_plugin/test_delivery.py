"""Handing logs and metrics over."""

import threading
from collections.abc import Sequence

from mtd_localstack.executor.log_events import LogEvent
from mtd_localstack.telemetry.delivery import Delivery, LogStream, Measured, in_order


class Recorder:
    """A receiver that keeps what it gets, and refuses the stream named ``refused``."""

    def __init__(self) -> None:
        self.logs: dict[str, list[str]] = {}
        self.batches = 0
        self.measured: list[Measured] = []

    def put_logs(self, stream: LogStream, events: Sequence[LogEvent]) -> None:
        if stream.name == "refused":
            raise OSError("refused")
        self.batches += 1
        self.logs.setdefault(stream.name, []).extend(event.message for event in events)

    def put_metrics(self, measured: Sequence[Measured]) -> None:
        assert len({(one.account, one.region) for one in measured}) == 1
        self.measured += measured


def stream(name: str) -> LogStream:
    """A log stream."""
    return LogStream(account="1", region="r", group="g", name=name)


def call(region: str = "r") -> Measured:
    """A call's figures."""
    return Measured(account="1", region=region, function="f", at=1.0, duration_ms=2.0, is_error=False)


def test_everything_arrives_in_order_in_few_batches() -> None:
    recorder = Recorder()
    delivery = Delivery(recorder, linger_s=0.02)
    for number in range(200):
        delivery.add(stream(f"s{number % 2}"), [LogEvent(number, str(number))], call())
    delivery.stop()
    assert recorder.logs == {
        "s0": [str(number) for number in range(0, 200, 2)],
        "s1": [str(number) for number in range(1, 200, 2)],
    }
    assert len(recorder.measured) == 200
    assert recorder.batches < 100


def test_threads_may_add_at_once() -> None:
    recorder = Recorder()
    delivery = Delivery(recorder, linger_s=0.001)

    def add(name: str) -> None:
        for number in range(100):
            delivery.add(stream(name), [LogEvent(number, str(number))])

    threads = [threading.Thread(target=add, args=(f"s{number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    delivery.stop()
    assert set(recorder.logs) == {f"s{number}" for number in range(5)}
    assert all(messages == [str(number) for number in range(100)] for messages in recorder.logs.values())


def test_one_stream_that_is_refused_does_not_hold_up_the_others() -> None:
    recorder = Recorder()
    delivery = Delivery(recorder, linger_s=0.001)
    delivery.add(stream("refused"), [LogEvent(1, "lost")], call("a"))
    delivery.add(stream("good"), [LogEvent(1, "kept")], call("b"))
    delivery.stop()
    assert recorder.logs == {"good": ["kept"]}
    assert {one.region for one in recorder.measured} == {"a", "b"}


def test_no_event_is_earlier_than_the_one_before() -> None:
    events = in_order([LogEvent(5, "a"), LogEvent(3, "b"), LogEvent(7, "c")])
    assert [(event.timestamp, event.message) for event in events] == [(5, "a"), (5, "b"), (7, "c")]
