"""put many orders, sample the system, audit the result, write a report"""

import argparse
from pathlib import Path
from typing import Any

from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running
from proving.stress.run import StressOutcome
from proving.stress.run import run as stress
from proving.stress.schedule import Schedule, repeated_waves, single_wave


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orders", type=_positive(int), metavar="N", help="put N orders (default: 300)")
    parser.add_argument("--late", type=int, default=0, metavar="N", help="N more once half of them have ended")
    parser.add_argument(
        "--rate", type=_positive(float), metavar="R", help="put R orders a second (default: all at once)"
    )
    parser.add_argument("--waves", type=_positive(int), metavar="N", help="instead: N orders again and again …")
    parser.add_argument("--every", type=_positive(float), default=180.0, metavar="S", help="… every S seconds (180)")
    parser.add_argument(
        "--for", dest="duration", type=_positive(float), default=1800.0, metavar="S", help="… for S seconds (1800)"
    )
    parser.add_argument("--speedup", type=_positive(float), default=1.0, metavar="F", help="… F times faster")
    parser.add_argument("--seed", type=int, default=1, help="of the generated orders (1)")
    parser.add_argument("--report", type=Path, metavar="DIR", help="where the report goes (.mtd/INSTANCE/stress)")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    schedule, title = _schedule(arguments)
    running = Running.of(instance)
    folder = arguments.report or instance.folder / "stress"
    outcome = stress(running, schedule, folder, title, arguments.seed, console())
    if arguments.json:
        print_json(outcome.figures)
    else:
        _show(outcome, folder)
    if outcome.findings:
        findings = ", ".join(f"{name} {count}" for name, count in outcome.findings.items())
        raise Problem(f"The audit found losses or duplicates: {findings}.", fix="Read 'mtd orders' and 'mtd logs'.")
    return 0


def _schedule(arguments: argparse.Namespace) -> tuple[Schedule, str]:
    if arguments.waves:
        if arguments.orders or arguments.late or arguments.rate:
            raise Problem("--waves excludes --orders, --late and --rate.", fix="Leave one of them out.", code=2)
        schedule = repeated_waves(arguments.waves, arguments.every, arguments.duration, arguments.speedup)
        summary = f"{len(schedule.waves)} waves of {arguments.waves} orders, one every {arguments.every:g} s"
        return schedule, summary + (f", {arguments.speedup:g} times faster" if arguments.speedup != 1 else "")
    schedule = single_wave(arguments.orders or 300, arguments.late, arguments.rate)
    summary = f"{schedule.orders - schedule.late:,} orders"
    summary += f", {arguments.late:,} more while they run" if arguments.late else ""
    return schedule, summary + (f", {arguments.rate:g} a second" if arguments.rate else "")


def _show(outcome: StressOutcome, folder: Path) -> None:
    out, figures = console(), outcome.figures
    latency = figures["order_latency_ms"]
    rows: list[tuple[str, Any]] = [
        (name.replace("_", " "), figures[name])
        for name in (
            "orders completed exceptions seconds orders_per_second aws_requests_per_order peak_memory_mb"
        ).split()
    ]
    rows += [(f"put to end, {name}", f"{value / 1000:.1f} s") for name, value in latency.items()]
    out.print(table(("", "Figure"), rows, right=("Figure",)))
    out.print()
    handlers = [
        (function, times["p50"], times["p99"], times["max"], figures["longest_call_ms"][function])
        for function, times in figures["handler_ms_per_order"].items()
    ]
    columns = ("Function, ms an order", "p50", "p99", "max", "longest call")
    out.print(table(columns, handlers, right=columns[1:]))
    out.print(f"\nAudit: {'nothing lost, nothing doubled' if not outcome.findings else outcome.findings}")
    out.print(f"Report: {folder / 'report.html'}", highlight=False, soft_wrap=True)


def _positive[T: (int, float)](kind: type[T]) -> Any:
    def read(text: str) -> T:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not more than 0")
        return value

    return read
