"""put orders while functions, database, queues and legacy systems fail, and audit the result"""

import argparse
from pathlib import Path

from devenv.console.screen import console, json_flag, print_json, table
from devenv.console.words import quantity, whole_number
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running
from proving.chaos.run import run as chaos
from proving.chaos.run import write


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orders", type=whole_number, default=300, metavar="N", help="put N orders (default: 300)")
    parser.add_argument("--rate", type=quantity, default=30.0, metavar="R", help="R orders a second (default: 30)")
    parser.add_argument("--seed", type=int, default=1, help="of the orders and of the faults (default: 1)")
    parser.add_argument("--report", type=Path, metavar="DIR", help="where audit.json goes (.mtd/INSTANCE/chaos)")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    if arguments.orders < 1 or arguments.rate <= 0:
        raise Problem("--orders and --rate must be above 0.", fix="For example --orders 300 --rate 30.", code=2)
    out = console()

    def tell(progress: str) -> None:
        if out.is_terminal:
            out.print(progress, highlight=False)

    outcome = chaos(Running.of(instance), orders=arguments.orders, rate=arguments.rate, seed=arguments.seed, tell=tell)
    folder = arguments.report or instance.folder / "chaos"
    write(folder, outcome.report)
    if arguments.json:
        print_json(outcome.report)
    else:
        report = outcome.report
        faults = [(kind.replace("_", " "), count) for kind, count in report["faults"].items()]
        out.print(table(("Fault", "Struck"), faults, right=("Struck",)))
        counts = [(name.replace("_", " "), value) for name, value in report.items() if isinstance(value, int | float)]
        out.print(table(("Audit", "Count"), counts, right=("Count",)))
        out.print(f"Report: {folder / 'audit.json'}", highlight=False, soft_wrap=True)
    if outcome.findings:
        named = ", ".join(f"{name} {count}" for name, count in outcome.findings.items())
        raise Problem(f"The audit found losses or duplicates: {named}.", fix=f"Read {folder / 'audit.json'}.")
    return 0
