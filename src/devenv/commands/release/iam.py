"""compare the AWS calls of each function since the start with the grants of its role"""

import argparse
import json
import urllib.request
from dataclasses import asdict

from delivery.iam.calls import needs
from delivery.iam.parity import RoleComparison, compare
from delivery.iam.parity import arguments as argued
from delivery.iam.policies import grants
from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import ENVIRONMENT, Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when AWS would deny a call, or an unused grant is not argued in cloudformation/iam.yaml."""
    running = Running.of(instance)
    with urllib.request.urlopen(f"{running.endpoint}/_mtd/role-calls", timeout=30) as response:
        recorded = json.load(response)
    roles = _roles(running)
    iam = running.clients.client("iam")
    granted = [grant for _, role in roles for grant in grants(iam, role)]
    lines = compare(roles, needs(recorded), granted, argued(instance.project))
    if arguments.json:
        print_json([asdict(line) for line in lines])
    else:
        _show(lines)
    return int(any(line.denied or line.unused for line in lines))


def _roles(running: Running) -> list[tuple[str, str]]:
    prefix = f"mtd-{ENVIRONMENT}-"
    pages = running.clients.client("lambda").get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    return sorted(
        (function["FunctionName"].removeprefix(prefix), function["Role"].rpartition("/")[2])
        for function in functions
        if function["FunctionName"].startswith(prefix)
    )


def _show(lines: list[RoleComparison]) -> None:
    columns = ["Function", "Kinds of calls", "Denied", "Unused", "Unused, argued"]
    rows = [[line.function, line.calls, len(line.denied), len(line.unused), len(line.argued)] for line in lines]
    console().print(table(columns, rows))
    for line in lines:
        for need in line.denied:
            console().print(f"{line.function} would be denied {need.action} on {need.resource}")
        for grant in line.unused:
            console().print(f"{line.function} never used {grant.action} on {grant.resource} {grant.policy}".rstrip())
