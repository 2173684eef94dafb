"""show the functions' logs, or those of one function or process (localstack, postgres, simulator, watch, supervisor)"""

import argparse
import time
from datetime import UTC, datetime
from typing import Any

from devenv.aws import Clients
from devenv.backends.choice import recorded_backend, servers_of
from devenv.backends.servers import Servers
from devenv.console.screen import json_flag, print_json
from devenv.console.words import quantity, whole_number
from devenv.instance import ENVIRONMENT, Instance
from devenv.ports import FIRST_CHOICE
from devenv.problem import Problem
from devenv.running import Running
from devenv.state import StateFile

_PROCESSES = ("localstack", "postgres", "simulator", "portal", "watch", "supervisor")
_PREFIX = f"/aws/lambda/mtd-{ENVIRONMENT}-"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "function", nargs="?", metavar="FUNCTION", help="a folder's name under src/lambdas, or a process"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="print new lines as they come")
    parser.add_argument("--minutes", type=quantity, default=15, help="how far back (default: 15)")
    parser.add_argument("--last", type=whole_number, default=200, metavar="N", help="at most N lines (default: 200)")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    if arguments.function in _PROCESSES:
        servers = _log_keepers(instance, arguments.function)
        if arguments.follow:
            servers.follow(arguments.function, arguments.last)
        lines = servers.lines(arguments.function, arguments.last)
        if arguments.json:
            print_json([{"at": None, "function": arguments.function, "message": line} for line in lines])
        else:
            print("\n".join(lines))
        return 0
    clients = Running.of(instance).clients
    groups = _groups(clients, arguments.function)
    since = int((time.time() - arguments.minutes * 60) * 1000)
    events = sorted(_events(clients, groups, since), key=_order)[-arguments.last :]
    if arguments.json:
        print_json([{name: event[name] for name in ("at", "function", "message")} for event in events])
        return 0
    _print(events, named=len(groups) > 1)
    if arguments.follow:
        _follow(clients, groups, {event["id"] for event in events}, since=int(time.time() * 1000) - 2000)
    return 0


def _log_keepers(instance: Instance, process: str) -> Servers:
    """The servers that keep that process's log. The watch and the supervisor run on this machine on every backend."""
    backend = recorded_backend(StateFile(instance).read()) if process in (*FIRST_CHOICE, "portal") else "embedded"
    return servers_of(instance, backend)


def _groups(clients: Clients, function: str | None) -> list[str]:
    pages = clients.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=_PREFIX)
    known = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    if function is None:
        return known
    if _PREFIX + function not in known:
        names = ", ".join(name.removeprefix(_PREFIX) for name in known)
        raise Problem(f"No function is named '{function}'.", fix=f"There are: {names}; and {', '.join(_PROCESSES)}.")
    return [_PREFIX + function]


def _events(clients: Clients, groups: list[str], since: int) -> list[dict[str, Any]]:
    found = []
    for group in groups:
        pages = clients.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
        for page in pages:
            for place, event in enumerate(page["events"]):
                found.append(
                    {
                        "at": datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(timespec="milliseconds"),
                        "function": group.removeprefix(_PREFIX),
                        "message": event["message"].rstrip(),
                        "id": f"{group} {event['eventId']}",
                        "place": place,
                    }
                )
    return found


def _order(event: dict[str, Any]) -> tuple[Any, ...]:
    return (event["at"], event["function"], event["place"])


def _print(events: list[dict[str, Any]], *, named: bool) -> None:
    for event in events:
        name = f"{event['function']:<21} " if named else ""
        print(f"{event['at'][11:23]} {name}{event['message']}", flush=True)


def _follow(clients: Clients, groups: list[str], seen: set[str], since: int) -> None:
    while True:
        time.sleep(0.7)
        fresh = [event for event in _events(clients, groups, since) if event["id"] not in seen]
        _print(sorted(fresh, key=_order), named=len(groups) > 1)
        seen.update(event["id"] for event in fresh)
        # CloudWatch has a line up to a second after the function wrote it.
        since = max(since, int(time.time() * 1000) - 10_000)
