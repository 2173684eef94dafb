"""play the same 60 scenarios on several backends, and print every field in which they differ"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.backends.choice import BACKENDS, recorded_backend
from devenv.console.screen import console, json_flag, print_json
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running
from devenv.state import write_json
from proving.parity import run as play
from proving.parity import scenarios
from proving.parity.recording import Record, differences
from proving.parity.system import System

type Records = dict[str, Record]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--homes", nargs="+", choices=BACKENDS, default=list(BACKENDS), help="default: both")
    parser.add_argument(
        "--instances",
        nargs="+",
        metavar="NAME",
        help="in these running instances (start them with MTD_PARAMETERS=ci, for fast retries)",
    )
    parser.add_argument("--only", metavar="TEXT", help="only scenarios with this text in their title")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep the records of the first backend")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with records that were kept")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when a field differs, or a scenario did not end."""
    chosen = [
        each
        for each in scenarios.read(instance.project / scenarios.FILE)
        if not arguments.only or arguments.only in each.title
    ]
    if not chosen:
        raise Problem(
            f"No scenario has '{arguments.only}' in its title.", fix=f"The titles are in {scenarios.FILE}.", code=2
        )
    found: dict[str, Records] = {}
    if arguments.against:
        kept = _read(arguments.against)
        found[arguments.against.name] = {each.title: kept[each.title] for each in chosen if each.title in kept}
    for name in arguments.instances or arguments.homes:
        with _running(instance, name, started=arguments.instances is None) as running:
            label = name if arguments.instances is None else f"{name} ({recorded_backend(running.document)})"
            found[label] = _recorded(running, label, chosen, quiet=arguments.json)
    if arguments.record:
        write_json(arguments.record, found[next(name for name in found if name not in _file(arguments))], mode=0o644)
    return _tell(found, as_json=arguments.json)


def _file(arguments: argparse.Namespace) -> set[str]:
    return {arguments.against.name} if arguments.against else set()


def _recorded(running: Running, label: str, chosen: list[scenarios.Scenario], *, quiet: bool) -> Records:
    out = console()
    started = time.monotonic()

    def tell(scenario: scenarios.Scenario, record: Record) -> None:
        late = record.get("late")
        if not quiet:
            at = time.monotonic() - started
            mark = f"LATE: {late}" if late else "recorded"
            out.print(f"{label:<10} {at:6.1f} s  {scenario.title}: {mark}", highlight=False, markup=False)

    return play.record(System(running), running.instance.project, chosen, tell)


def _tell(found: dict[str, Records], *, as_json: bool) -> int:
    (first, expected), *others = found.items()
    differing = [
        {"scenario": title, "field": field, first: this, name: that}
        for name, records in others
        for title, field, this, that in differences(expected, records)
    ]
    late = [
        {"home": name, "scenario": title, "late": record["late"]}
        for name, records in found.items()
        for title, record in records.items()
        if "late" in record
    ]
    if as_json:
        print_json({"compared": list(found), "scenarios": len(expected), "differences": differing, "late": late})
    else:
        out = console()
        for each in differing:
            out.print(json.dumps(each, ensure_ascii=False), highlight=False, markup=False, soft_wrap=True)
        what = f"{len(expected)} scenarios in {' and '.join(found)}"
        out.print(f"{what}: {len(differing)} differences, {len(late)} not at their end", highlight=False)
    return 1 if differing or late else 0


def _read(path: Path) -> Records:
    try:
        records: Records = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Problem(f"The records in {path} cannot be read: {error}", fix="Make them with --record.") from error
    return records


@contextmanager
def _running(instance: Instance, name: str, *, started: bool) -> Iterator[Running]:
    """The running instance of that name, or a new one on the backend of that name, which ends with the run."""
    if not started:
        yield Running.of(Instance.from_env(dict(instance.environ) | {"MTD_INSTANCE": name}, instance.project))
        return
    own = Instance.from_env(dict(instance.environ) | {"MTD_INSTANCE": f"parity-{name}"}, instance.project)
    _mtd(own, "up", "--home", name, "--no-seed", "--no-watch")
    try:
        yield Running.of(own)
    finally:
        _mtd(own, "down", "--wipe")


def _mtd(instance: Instance, *words: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "devenv", *words],
        cwd=instance.project,
        env=os.environ | {"MTD_INSTANCE": instance.name, "MTD_PARAMETERS": "ci"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise Problem(
            f"mtd {' '.join(words)} failed: {ended.stdout[-600:]}",
            fix="Correct the cause and run it again.",
            code=ended.returncode,
        )
