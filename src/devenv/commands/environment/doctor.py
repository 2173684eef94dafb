"""check for anything that could keep the system from running, and print the fix"""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from importlib import metadata

from delivery.deployment.stack import Stack
from devenv.backends import docker, postgres, tool_environments
from devenv.backends.choice import choose, recorded_backend, servers_of
from devenv.backends.emulator import healthy
from devenv.backends.servers import ServerStatus
from devenv.console.screen import console, json_flag, print_json
from devenv.instance import ENVIRONMENT, Instance
from devenv.ports import can_bind, owner
from devenv.problem import Problem
from devenv.processes.unprivileged import Account
from devenv.running import Running
from devenv.state import StateFile, running

Finding = tuple[bool, str]
_OLDEST, _ON_AWS = (3, 12), (3, 13)
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;]+)(?: \\)?$", re.M)


def arguments(parser: argparse.ArgumentParser) -> None:
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    rows = []
    for name, check in _CHECKS.items():
        try:
            good, finding = check(instance)
        except Problem as problem:
            good, finding = False, f"{problem.sentence} {problem.fix}"
        rows.append({"check": name, "ok": good, "told": finding})
    if arguments.json:
        print_json(rows)
    else:
        for row in rows:
            mark = "[green]ok [/]" if row["ok"] else "[red]BAD[/]"
            console().print(f"{mark} {row['check']:<12} ", end="", highlight=False)
            console().print(row["told"], highlight=False, markup=False, soft_wrap=True)
    return 0 if all(row["ok"] for row in rows) else 1


def _python(_: Instance) -> Finding:
    found = f"{sys.version.split()[0]} at {sys.base_prefix}"
    running = sys.version_info[:2]
    if running < _OLDEST:
        return (
            False,
            f"{found}: install 3.12 or newer, then 'rm -rf .venv && make venv MTD_PYTHON=/path/to/python3.13'",
        )
    if running != _ON_AWS:
        found += "; AWS runs 3.13, so functions run with another version here"
    return True, found


def _pins(instance: Instance) -> Finding:
    """Compares the packages in .venv with the lock file."""
    return pins_hold((instance.project / "requirements.txt").read_text("utf-8"), _installed_version)


def pins_hold(lock: str, installed: Callable[[str], str | None]) -> Finding:
    """Compares the pins of a lock file with the installed versions; `installed` returns a version or None."""
    pinned = dict(_PIN.findall(lock))
    wrong = [
        f"{name} {installed(name) or 'missing'}, not {version}"
        for name, version in pinned.items()
        if installed(name) != version
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return False, f"{'; '.join(wrong[:3])}{more}: 'rm .venv/.installed && make venv' installs the locked versions"
    return True, f"{len(pinned)} packages as requirements.txt has them"


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _docker(instance: Instance) -> Finding:
    """Only the compose backend needs Docker."""
    away = docker.why_no_engine(instance.environ)
    if not away:
        return True, f"answers; {' '.join(docker.command())}"
    if instance.setting("HOME_KIND") == "compose" or _recorded_backend(instance) == "compose":
        problem = docker.no_engine(away)
        return False, f"{problem.sentence} {problem.fix}"
    return True, "not needed: the embedded backend runs without Docker"


def _tokens(instance: Instance) -> Finding:
    """Looks for tokens of other emulators, which are not used, and for AWS keys without an expiry, which are a risk."""
    asked = [name for name in ("LOCALSTACK_AUTH_TOKEN", "LOCALSTACK_API_KEY") if instance.setting(name)]
    if instance.setting("AWS_SECRET_ACCESS_KEY") and not instance.setting("AWS_SESSION_TOKEN"):
        return (
            False,
            "AWS_SECRET_ACCESS_KEY holds a key that never expires: 'unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY', "
            "then set AWS_PROFILE and run 'aws sso login'. Local backends need no key",
        )
    return True, "none needed" + (f"; {', '.join(asked)} is not used" if asked else "")


def _disk(instance: Instance) -> Finding:
    base = instance.base if instance.base.exists() else instance.project
    free = shutil.disk_usage(base).free // 1_000_000
    fix = "; free at least 1000 MB ('make clean' removes what was built), or set MTD_HOME to another disk"
    return free > 1000, f"{free} MB free at {base}" + ("" if free > 1000 else fix)


def _memory(_: Instance) -> Finding:
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    return megabytes > 3500, f"{megabytes} MB" + ("" if megabytes > 3500 else "; the system needs about 2500 MB")


def _backend(instance: Instance) -> Finding:
    backend = choose(instance.setting("HOME_KIND"), instance)
    return True, f"{backend.name} ({backend.reason})"


def _installed(instance: Instance) -> Finding:
    if _recorded_backend(instance) == "compose":
        return True, "in the images"
    missing = [
        recipe.name
        for recipe in tool_environments.recipes(instance)
        if not (recipe.folder(instance.venvs) / "mtd-complete").exists()
    ]
    return not missing, f"{', '.join(missing)} not made yet: run 'make up'" if missing else "emulator and lambda"


def _database(instance: Instance) -> Finding:
    if _recorded_backend(instance) == "compose":
        return True, "postgres:17, in a container"
    bindir = postgres.find_programs(instance)
    account = Account.for_servers()
    user = "our own user" if account.uid is None else f"user {account.uid}, since root may not"
    return True, f"{bindir}, run by {user}"


def _state(instance: Instance) -> Finding:
    document = StateFile(instance).read()
    return True, "read well" if document else "none yet: 'make up' makes it"


def _ports(instance: Instance) -> Finding:
    document = StateFile(instance).read()
    seen = servers_of(instance, recorded_backend(document)).observed()
    taken = [
        f"{name}'s {port} by {owner(port)}"
        for name, port in document.get("ports", {}).items()
        if not _held(name, seen) and not can_bind(port)
    ]
    return (
        not taken,
        f"taken: {', '.join(taken)}; stop it, or 'MTD_<NAME>_PORT=<another> make up'" if taken else "free or our own",
    )


def _held(name: str, seen: Mapping[str, ServerStatus]) -> bool:
    """Whether the instance itself listens there. LocalStack's functions listen on the debugger's port."""
    return seen["localstack" if name == "debugger" else name].runs


def _processes(instance: Instance) -> Finding:
    document = StateFile(instance).read()
    if not running(document, "supervisor"):
        return True, "the instance does not run"
    seen = servers_of(instance, recorded_backend(document)).observed()
    dead = [f"{name} {server.death or 'is down'}" for name, server in seen.items() if not server.runs]
    dead += [f"watch {death['reason']}" for name, death in document.get("deaths", {}).items() if name == "watch"]
    if dead:
        return False, f"{'; '.join(dead)}: run 'make up'. The reason is in 'mtd logs NAME'"
    answers = healthy(int(document["ports"]["localstack"]))
    return (
        answers,
        "all run, LocalStack answers" if answers else "LocalStack does not answer: read 'mtd logs localstack'",
    )


def _stack(instance: Instance) -> Finding:
    """Asks CloudFormation for the stack, and the API for its figures."""
    if (up := _running(instance)) is None:
        return True, "the instance does not run"
    status = Stack(up.clients.client("cloudformation"), instance.stack).status()
    if status != "CREATE_COMPLETE":
        return False, f"the stack is {status or 'not there'}: 'mtd logs watch' says why, 'make up' deploys it"
    orders = sum(up.orders_api().by_state().values())
    return True, f"deployed; the API answers, {orders} orders"


def _alarms(instance: Instance) -> Finding:
    """Asks CloudWatch for alarms: a function that fails has one of its own."""
    if (up := _running(instance)) is None:
        return True, "the instance does not run"
    firing = up.clients.client("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    names = [alarm["AlarmName"].removeprefix(f"mtd-{ENVIRONMENT}-") for alarm in firing]
    if names:
        return False, f"{', '.join(names)}: read 'mtd logs FUNCTION'; docs/operations.md has a section for each"
    return True, "none fires"


def _running(instance: Instance) -> Running | None:
    try:
        return Running.of(instance)
    except Problem:
        return None


def _recorded_backend(instance: Instance) -> str:
    return recorded_backend(StateFile(instance).read())


_CHECKS: dict[str, Callable[[Instance], Finding]] = {
    "Python": _python,
    "pins": _pins,
    "disk": _disk,
    "memory": _memory,
    "Docker": _docker,
    "tokens": _tokens,
    "home": _backend,
    "environments": _installed,
    "PostgreSQL": _database,
    "state": _state,
    "ports": _ports,
    "processes": _processes,
    "stack": _stack,
    "alarms": _alarms,
}
