"""The few places where LocalStack has no plug point and a name in one of its modules is replaced instead."""

from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation import version_manager
from localstack.services.s3 import provider as s3_provider


class NoLogHandler:
    """Stands where each function version had a thread and a client to store its logs: delivery.py does that."""

    def __init__(self, *_: Any) -> None:
        pass

    def start_subscriber(self) -> None:
        """Nothing to start."""

    def add_logs(self, log_item: object) -> None:
        """The executor has handed the events over already."""

    def stop(self) -> None:
        """Nothing to stop."""


def record_nothing(**_: str) -> None:
    """Stands where each call made one or two PutMetricData requests: delivery.py does that."""


def silence_lambda_telemetry() -> None:
    """Have LocalStack's Lambda service leave logs and metrics to the executor."""
    version_manager.LogHandler = NoLogHandler
    version_manager.record_cw_metric_invocation = record_nothing
    version_manager.record_cw_metric_error = record_nothing


def use_s3_storage(folder: str) -> None:
    """Keep S3's objects in ``folder`` instead of a constant path that all instances of the machine share."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    s3_provider.DEFAULT_S3_TMP_DIR = folder
