"""look for what could keep the system from running, and say the fix"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Mapping

from devenv import environments, postgres
from devenv.emulator import healthy
from devenv.home_kind import choose, recorded, servers_of
from devenv.instance import Instance
from devenv.ports import can_bind, owner
from devenv.problem import Problem
from devenv.screen import console, json_flag, print_json
from devenv.servers import Server
from devenv.state import StateFile, running
from devenv.unprivileged import Account

Finding = tuple[bool, str]


def arguments(parser: argparse.ArgumentParser) -> None:
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    rows = []
    for name, check in _CHECKS.items():
        try:
            good, told = check(instance)
        except Problem as problem:
            good, told = False, f"{problem.sentence} {problem.fix}"
        rows.append({"check": name, "ok": good, "told": told})
    if arguments.json:
        print_json(rows)
    else:
        for row in rows:
            mark = "[green]ok [/]" if row["ok"] else "[red]BAD[/]"
            console().print(f"{mark} {row['check']:<12} ", end="", highlight=False)
            console().print(row["told"], highlight=False, markup=False, soft_wrap=True)
    return 0 if all(row["ok"] for row in rows) else 1


def _python(_: Instance) -> Finding:
    return sys.version_info >= (3, 12), f"{sys.version.split()[0]} at {sys.base_prefix}"


def _disk(instance: Instance) -> Finding:
    base = instance.base if instance.base.exists() else instance.project
    free = shutil.disk_usage(base).free // 1_000_000
    return free > 1000, f"{free} MB free at {base}" + ("" if free > 1000 else "; free at least 1000 MB")


def _memory(_: Instance) -> Finding:
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    return megabytes > 3500, f"{megabytes} MB" + ("" if megabytes > 3500 else "; the home needs about 2500 MB")


def _home(instance: Instance) -> Finding:
    kind = choose(instance.setting("HOME_KIND"), instance)
    return True, f"{kind.name} ({kind.reason})"


def _installed(instance: Instance) -> Finding:
    if _kind(instance) == "compose":
        return True, "in the images"
    missing = [
        recipe.name
        for recipe in environments.recipes(instance)
        if not (recipe.place(instance.venvs) / "mtd-complete").exists()
    ]
    return not missing, f"{', '.join(missing)} not made yet: run 'make up'" if missing else "emulator and lambda"


def _database(instance: Instance) -> Finding:
    if _kind(instance) == "compose":
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
    seen = servers_of(instance, recorded(document)).observed()
    taken = [
        f"{name}'s {port} by {owner(port)}"
        for name, port in document.get("ports", {}).items()
        if not _held(name, seen) and not can_bind(port)
    ]
    return not taken, f"taken: {', '.join(taken)}; stop it or set MTD_<NAME>_PORT" if taken else "free or our own"


def _held(name: str, seen: Mapping[str, Server]) -> bool:
    """Whether the instance itself listens there; LocalStack's functions do for the debugger."""
    return seen["localstack" if name == "debugger" else name].runs


def _processes(instance: Instance) -> Finding:
    document = StateFile(instance).read()
    if not running(document, "supervisor"):
        return True, "the instance does not run"
    seen = servers_of(instance, recorded(document)).observed()
    dead = [f"{name} {server.death or 'is down'}" for name, server in seen.items() if not server.runs]
    dead += [f"watch {death['reason']}" for name, death in document.get("deaths", {}).items() if name == "watch"]
    if dead:
        return False, f"{'; '.join(dead)}: run 'make up'; 'mtd logs NAME' tells more"
    answers = healthy(int(document["ports"]["localstack"]))
    return answers, "all run, LocalStack answers" if answers else "LocalStack does not answer: see its log"


def _kind(instance: Instance) -> str:
    return recorded(StateFile(instance).read())


_CHECKS: dict[str, Callable[[Instance], Finding]] = {
    "Python": _python,
    "disk": _disk,
    "memory": _memory,
    "home": _home,
    "environments": _installed,
    "PostgreSQL": _database,
    "state": _state,
    "ports": _ports,
    "processes": _processes,
}
