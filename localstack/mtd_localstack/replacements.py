"""The few places where LocalStack has no plug point and a name in one of its modules is replaced instead."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation import version_manager
from localstack.services.s3 import provider as s3_provider
from localstack.services.sqs.provider import CloudwatchDispatcher
from localstack.utils.threads import start_thread


class NoLogHandler:
    """Replaces the log handler of a function version, which had a thread and a client: delivery.py stores the logs."""

    def __init__(self, *_: Any) -> None:
        pass

    def start_subscriber(self) -> None:
        """Nothing to start."""

    def add_logs(self, log_item: object) -> None:
        """The executor has handed the events over already."""

    def stop(self) -> None:
        """Nothing to stop."""


def start_thread_unless_for_metrics(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Start the thread unless it is for PutMetricData, which delivery.py sends for many calls at once."""
    if str(kwargs.get("name", "")).startswith("record-cloudwatch-metric"):
        return None
    return start_thread(method, *args, **kwargs)


def silence_lambda_telemetry() -> None:
    """Have LocalStack's Lambda service leave logs and metrics to the executor."""
    version_manager.LogHandler = NoLogHandler
    version_manager.start_thread = start_thread_unless_for_metrics


def use_s3_storage(folder: str) -> None:
    """Keep S3's objects in ``folder`` instead of a constant path that all instances of the machine share."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    s3_provider.DEFAULT_S3_TMP_DIR = folder


def silence_sqs_telemetry() -> None:
    """Leave out the PutMetricData of every single SQS call; the queues' depths are published all the same."""
    CloudwatchDispatcher.dispatch_sqs_metric = lambda *_, **__: None
