"""show processes, functions, queues, and orders by state"""

import argparse
from typing import Any

from devenv.backends.choice import recorded_backend, servers_of
from devenv.backends.servers import ServerStatus
from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import ENVIRONMENT, Instance
from devenv.problem import Problem
from devenv.running import Running
from devenv.state import StateFile, identities, running

_DEPTHS = {
    "visible": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    try:
        running = Running.of(instance)
    except Problem:
        _processes(instance)
        raise
    status: dict[str, Any] = {
        "home": running.document.get("home"),
        "region": running.document.get("region"),
        "endpoint": running.endpoint,
        "portal": running.document.get("portal"),
        "api": running.document.get("api_url"),
        "functions": _functions(running),
        "queues": _queues(running),
        "orders_by_state": running.orders_api().by_state(),
    }
    if arguments.json:
        print_json(status)
        return 0
    out = console()
    out.print(f"Instance '{instance.name}', backend {status['home']}, region {status['region']}", highlight=False)
    _processes(instance)
    out.print(f"API       {running.document.get('api_url')}", highlight=False, soft_wrap=True)
    functions = status["functions"]
    idle = [item["name"] for item in functions if item["state"] != "Active"]
    rest = f"; not active: {', '.join(idle)}" if idle else ""
    out.print(f"Functions {len(functions)}{rest}\n", highlight=False)
    out.print(table(("Queue", *_DEPTHS), ([item["name"], *(item[n] for n in _DEPTHS)] for item in status["queues"])))
    out.print()
    out.print(table(("Orders", "State"), ((count, state) for state, count in status["orders_by_state"].items())))
    return 0


def _processes(instance: Instance) -> None:
    document = StateFile(instance).read()
    ports = document.get("ports", {})
    seen = servers_of(instance, recorded_backend(document)).observed()
    for name in ("supervisor", "watch"):
        identity = identities(document).get(name)
        death = document.get("deaths", {}).get(name)
        seen[name] = ServerStatus(
            runs=running(document, name),
            identity=str(identity.pid) if identity else "",
            death=f"{death['reason']} at {death['at']}" if death else "",
        )
    rows: list[tuple[object, ...]] = []
    for name in ("supervisor", "postgres", "localstack", "simulator", "portal", "watch"):
        if seen[name].runs:
            rows.append((name, "runs", seen[name].identity, ports.get(name, ""), ""))
        else:
            rows.append((name, "died" if seen[name].death else "is down", "", "", seen[name].death))
    console().print(table(("Process", "", "Pid or container", "Port", ""), rows))


def _functions(running: Running) -> list[dict[str, Any]]:
    prefix = f"mtd-{ENVIRONMENT}-"
    pages = running.clients.client("lambda").get_paginator("list_functions").paginate()
    found = [
        {
            "name": item["FunctionName"].removeprefix(prefix),
            "state": item.get("State", "Active"),
            "memory_mb": item["MemorySize"],
            "timeout_s": item["Timeout"],
        }
        for page in pages
        for item in page["Functions"]
        if item["FunctionName"].startswith(prefix)
    ]
    return sorted(found, key=lambda item: str(item["name"]))


def _queues(running: Running) -> list[dict[str, Any]]:
    client = running.clients.client("sqs")
    prefix = f"mtd-{ENVIRONMENT}-"
    found = []
    for url in sorted(client.list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_DEPTHS.values()))["Attributes"]
        depths = {name: int(attributes[attribute]) for name, attribute in _DEPTHS.items()}
        found.append({"name": url.rpartition("/")[2].removeprefix(prefix), "url": url, **depths})
    return found
