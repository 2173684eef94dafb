"""The entry points by which LocalStack finds this plug-in. They import their modules on use."""

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
        from mtd_localstack.executor.executor import ProcessRuntimeExecutor

        return ProcessRuntimeExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """GATEWAY_SERVER=mtd-loopback."""

    name = "mtd-loopback"

    def load(self, *_: Any, **__: Any) -> RuntimeServer:
        """The gateway on exactly GATEWAY_LISTEN."""
        from mtd_localstack.gateway.server import LoopbackRuntimeServer

        return LoopbackRuntimeServer()


@on_infra_start()
def mtd_start() -> None:
    """Set up the plug-in before the first service loads."""
    from mtd_localstack.cloudformation.completed_providers import complete_providers
    from mtd_localstack.telemetry.closing_connections import raise_descriptor_limit
    from mtd_localstack.telemetry.metric_database import close_connections

    raise_descriptor_limit()
    close_connections()
    complete_providers()
    storage = os.environ.get("MTD_S3_STORAGE_DIR")
    if storage:
        from mtd_localstack.replacements import use_s3_storage

        use_s3_storage(storage)
    if LAMBDA_RUNTIME_EXECUTOR == EXECUTOR:
        from localstack.aws.handlers import run_custom_response_handlers
        from localstack.services.edge import ROUTER

        from mtd_localstack.accelerations import accelerate
        from mtd_localstack.cloudformation.deployments import look_often_at_resources
        from mtd_localstack.events.queue_polling import honour_maximum_concurrency
        from mtd_localstack.executor.machine import machine
        from mtd_localstack.gateway.request_counts import RequestCounts
        from mtd_localstack.gateway.role_calls import RoleCalls
        from mtd_localstack.gateway.routes import add_routes
        from mtd_localstack.mail.bulk_mail import keep_bulk_mails

        accelerate()
        honour_maximum_concurrency()
        keep_bulk_mails()
        look_often_at_resources()
        counts = RequestCounts()
        calls = RoleCalls()
        run_custom_response_handlers.append(counts)
        run_custom_response_handlers.append(calls)
        add_routes(ROUTER, machine(), counts, calls)


@on_infra_shutdown()
def mtd_shutdown() -> None:
    """End the functions' processes with LocalStack."""
    if LAMBDA_RUNTIME_EXECUTOR == EXECUTOR:
        from mtd_localstack.executor.machine import machine

        machine().stop()
