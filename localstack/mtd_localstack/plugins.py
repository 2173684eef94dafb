"""The entry points by which LocalStack finds this plug-in; what they need is imported only when it is used."""

import gc
import os
from typing import Any

from localstack.config import LAMBDA_RUNTIME_EXECUTOR
from localstack.runtime.hooks import on_infra_shutdown, on_infra_start
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin

EXECUTOR = "mtd-process"


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """LAMBDA_RUNTIME_EXECUTOR=mtd-process."""

    name = EXECUTOR

    def load(self, *_: Any, **__: Any) -> type:
        """Functions as processes."""
        from .executor import ProcessRuntimeExecutor

        return ProcessRuntimeExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """GATEWAY_SERVER=mtd-loopback."""

    name = "mtd-loopback"

    def load(self, *_: Any, **__: Any) -> RuntimeServer:
        """The gateway on exactly GATEWAY_LISTEN."""
        from .gateway_server import LoopbackRuntimeServer

        return LoopbackRuntimeServer()


@on_infra_start()
def mtd_start() -> None:
    """Set up what must be there before the first service loads."""
    from .replacements import use_email_identities

    # LocalStack keeps millions of objects (AWS's service descriptions), which the default setting looks through over
    # and over again while requests are served.
    gc.set_threshold(100_000, 50, 100)
    use_email_identities()
    storage = os.environ.get("MTD_S3_STORAGE_DIR")
    if storage:
        from .replacements import use_s3_storage

        use_s3_storage(storage)
    if LAMBDA_RUNTIME_EXECUTOR == EXECUTOR:
        from localstack.aws.handlers import run_custom_response_handlers
        from localstack.services.edge import ROUTER

        from .bulk_mail import keep_bulk_mails
        from .machine import machine
        from .metric_database import add_metrics_at_once
        from .queue_polling import poll_queues_long
        from .replacements import (
            look_often_at_resources,
            silence_lambda_telemetry,
            silence_sqs_telemetry,
        )
        from .request_counts import RequestCounts
        from .routes import add_routes
        from .s3_events import put_events_directly

        silence_lambda_telemetry()
        silence_sqs_telemetry()
        poll_queues_long()
        keep_bulk_mails()
        add_metrics_at_once()
        put_events_directly()
        look_often_at_resources()
        counts = RequestCounts()
        run_custom_response_handlers.append(counts)
        add_routes(ROUTER, machine().environments, counts)


@on_infra_shutdown()
def mtd_shutdown() -> None:
    """End the functions' processes with LocalStack."""
    if LAMBDA_RUNTIME_EXECUTOR == EXECUTOR:
        from .machine import machine

        machine().stop()
