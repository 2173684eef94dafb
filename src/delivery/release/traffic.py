"""Traffic: the version that each function's alias `live` points to, and the alarms about that version."""

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from delivery.targets.target import Target

ALIAS = "live"
# The alarms of traffic; a queue's age or a full disk is nothing that a new version did within minutes.
_WATCHED = ("-errors", "-api-5xx", "-database-connection", "-failed")


def serving(target: Target) -> dict[str, str]:
    """Function -> the version that its alias points to."""
    client = target.clients.client("lambda")
    pages = client.get_paginator("list_functions").paginate()
    names = [one["FunctionName"] for page in pages for one in page["Functions"]]

    def version(name: str) -> str | None:
        try:
            return str(client.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                raise
            return None

    ours = sorted(name for name in names if name.startswith(target.prefix))
    with ThreadPoolExecutor(4) as pool:
        found = zip(ours, pool.map(version, ours), strict=True)
        return {name: served for name, served in found if served is not None}


def shift(target: Target, versions: Mapping[str, str]) -> None:
    """All traffic of each function to its version, all functions at once."""
    client = target.clients.client("lambda")

    def one(item: tuple[str, str]) -> None:
        client.update_alias(FunctionName=item[0], Name=ALIAS, FunctionVersion=item[1], RoutingConfig={})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, versions.items()))


def back(target: Target, before: Mapping[str, str]) -> list[str]:
    """Move the traffic of changed functions back to the versions of `before`. Returns these functions.

    New functions stay as they are, because nothing called them before.
    """
    now = serving(target)
    changed = {name: version for name, version in before.items() if name in now and now[name] != version}
    shift(target, changed)
    return sorted(changed)


def firing_alarms(target: Target) -> list[str]:
    """The names of the watched alarms that are on."""
    pages = (
        target.clients.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=target.prefix, StateValue="ALARM")
    )
    # The emulator ignores StateValue beside a prefix.
    on = [alarm for page in pages for alarm in page.get("MetricAlarms", []) if alarm["StateValue"] == "ALARM"]
    return sorted(alarm["AlarmName"] for alarm in on if alarm["AlarmName"].endswith(_WATCHED))


def bake(target: Target, tell: Callable[[float], Any], *, but: Collection[str] = ()) -> list[str]:
    """Watches for the target's bake time and ends at the first alarm; the alarms, none when no alarm went off. `but`
    are those that were on before, and say nothing of the new version."""
    started = time.monotonic()
    while True:
        firing = [name for name in firing_alarms(target) if name not in but]
        passed = time.monotonic() - started
        tell(passed)
        if firing or passed >= target.bake_seconds:
            return firing
        time.sleep(min(target.look_seconds, max(0.0, target.bake_seconds - passed)))


def wait_until_ok(target: Target, seconds: float) -> bool:
    """Waits until no watched alarm is on; whether that came within `seconds`."""
    deadline = time.monotonic() + seconds
    while firing_alarms(target):
        if time.monotonic() > deadline:
            return False
        time.sleep(target.look_seconds)
    return True
