"""start the system, deploy, put the seed orders, wait until they end and show them"""

import argparse
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from devenv.backends.choice import BACKENDS, choose
from devenv.backends.environment import LocalEnvironment
from devenv.console.screen import console, order_table
from devenv.console.steps import Steps
from devenv.instance import Instance
from devenv.orders import seeds
from devenv.passwords import InstancePasswords
from devenv.problem import Problem
from devenv.running import Running
from devenv.state import StateFile

_DEADLINE_SECONDS = 90.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", choices=BACKENDS, help="the backend (default: HOME_KIND, or chosen)")
    parser.add_argument("--no-seed", action="store_true", help="put no orders")
    parser.add_argument("--no-watch", action="store_true", help="do not watch the sources for saved code")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    out = console()
    backend = choose(arguments.home or instance.setting("HOME_KIND"), instance)
    out.print(f"Backend: [bold]{backend.name}[/] ({backend.reason})", highlight=False)
    instance.folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(instance.folder / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Problem(f"Another 'mtd up' of instance '{instance.name}' runs now.", fix="Wait until it ends.") from error
    with lock, Steps(out) as steps:
        watch = not arguments.no_watch
        environment = LocalEnvironment(instance=instance, backend=backend.name, steps=steps, watch=watch)
        deployed = bool(StateFile(instance).read().get("fingerprint"))
        missing = environment.missing()
        if deployed and missing and len(missing) < 5:
            out.print(f"Restarting what has died: {', '.join(missing)}", highlight=False)
        elif deployed and not missing:
            out.print(f"Instance '{instance.name}' already runs: nothing to start.", highlight=False)
        environment.up()
        running = Running.of(instance)
        rows = [] if arguments.no_seed else _seed(running, steps)
    _show(out, running, rows, steps.seconds)
    return 0


def _seed(running: Running, steps: Steps) -> list[dict[str, Any]]:
    """Puts the seed orders that the system does not know yet; returns the rows of all seed orders."""
    files = sorted((running.instance.project / "seed" / "orders").glob("*.xml"))
    named = [(number, path) for path in files if (number := seeds.order_number(path)) is not None]
    numbers = {number for number, _ in named}  # two sellers may use the same number
    if not numbers:
        return []
    api = running.orders_api()
    known = {row["number"] for row in api.orders()}
    fresh = [path for number, path in named if number not in known]
    with steps.step("Orders on their way", total=len(numbers)) as step:
        seeds.put(running, fresh)
        rows, missing = seeds.wait_until_ended(api, numbers, seconds=_DEADLINE_SECONDS, tell=step.done)
        step.note = f"{len(fresh)} put, {len(named) - len(fresh)} known before"
    if missing:
        raise Problem(
            f"{len(missing)} of {len(numbers)} seed orders did not end within {_DEADLINE_SECONDS:.0f} s: "
            f"{', '.join(sorted(missing)[:5])}.",
            fix=f"Read 'mtd order {min(missing)}' and 'mtd logs'. The system goes on running.",
        )
    return rows


def _show(out: Console, running: Running, rows: list[dict[str, Any]], seconds: float) -> None:
    if rows:
        out.print()
        out.print(order_table(sorted(rows, key=lambda row: str(row["number"]))))
    number = min((str(row["number"]) for row in rows), default="NUMBER")
    out.print(f"\nUp in {seconds:.1f} s; the system runs in the background. Look next at:", highlight=False)
    command = running.instance.command
    for what, how in (
        ("the portal", str(running.document.get("portal", ""))),
        ("its first user", f"admin, password {InstancePasswords.of(running.instance).administrator}"),
        ("one order's way", command(f".venv/bin/mtd order {number}")),
        ("send an order", command(".venv/bin/mtd put FILE.xml")),
        ("the mails sent", command(".venv/bin/mtd mail")),
        ("the functions' logs", command(".venv/bin/mtd logs -f")),
        ("the REST API", str(running.document.get("api_url", ""))),
        ("AWS's API", f"{running.endpoint}   ({command('make aws ARGS="s3 ls"')})"),
        ("the database", command(".venv/bin/mtd psql")),
        ("stop", command("make down")),
    ):
        out.print(f"  {what:<20} {how}", highlight=False, markup=False, soft_wrap=True)
