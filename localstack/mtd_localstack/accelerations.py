"""Makes LocalStack faster. Each acceleration has a name, and MTD_WITHOUT leaves it out of a measurement.

tests/performance/changes.py measures the effect of each on an order, peers.py the time of a state machine.
"""

import gc
import os
from collections.abc import Callable, Mapping

from mtd_localstack.settings import SettingsError


def accelerate(env: Mapping[str, str] = os.environ) -> None:
    """Apply all accelerations but those that MTD_WITHOUT names, separated by commas. Raises SettingsError for an
    unknown name."""
    without = set(filter(None, (env.get("MTD_WITHOUT") or "").split(",")))
    unknown = without - ACCELERATIONS.keys()
    if unknown:
        raise SettingsError(f"MTD_WITHOUT={','.join(sorted(unknown))}: it must be of {', '.join(ACCELERATIONS)}.")
    for name, apply in ACCELERATIONS.items():
        if name not in without:
            apply()


def _rare_collections() -> None:
    """LocalStack keeps millions of objects (AWS's service descriptions), which Python's default setting looks through
    over and over again while requests are served."""
    gc.set_threshold(100_000, 50, 100)


def _long_polling() -> None:
    from mtd_localstack.events.queue_polling import poll_queues_long

    poll_queues_long()


def _telemetry() -> None:
    from mtd_localstack.replacements import silence_lambda_telemetry, silence_sqs_telemetry

    silence_lambda_telemetry()
    silence_sqs_telemetry()


def _metrics() -> None:
    from mtd_localstack.telemetry.metric_database import add_metrics_at_once

    add_metrics_at_once()


def _s3_events() -> None:
    from mtd_localstack.events.s3_events import put_events_directly

    put_events_directly()


def _state_roles() -> None:
    from mtd_localstack.events.state_roles import keep_state_roles

    keep_state_roles()


def _deployments() -> None:
    from mtd_localstack.cloudformation import deployments

    deployments.await_nested_stacks()
    deployments.hand_over_resolved_values()
    deployments.read_descriptions_once()
    deployments.name_events_once()
    deployments.read_managed_policies_late()
    deployments.build_no_addresses()
    deployments.keep_policy_templates()


ACCELERATIONS: Mapping[str, Callable[[], None]] = {
    "collections": _rare_collections,
    "polling": _long_polling,
    "telemetry": _telemetry,
    "metrics": _metrics,
    "s3_events": _s3_events,
    "state_roles": _state_roles,
    "deployments": _deployments,
}
