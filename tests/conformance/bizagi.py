"""Imports every `.bpmn`, `.xpdl` and `.bpm` of a folder and walks each process that is ready to its ends.

A process counts as walked when the simulator brings an order to an end with every choice that a person has on the way
taken once, and never stops before. The last line is JSON:
`{files, processes, ready, unbound, refused, crashed, walked}`.

    python -m tests.conformance.bizagi FOLDER
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "src" / "shared"), str(ROOT / "src")]

from mtd.domain.orders import ubl  # noqa: E402
from mtd.domain.orders.order import Order  # noqa: E402
from mtd.engine.compiler import importing  # noqa: E402
from mtd.engine.compiler.reports import Report, Source, Verdict  # noqa: E402
from mtd.engine.compiler.walkthrough import rule_of  # noqa: E402
from mtd.engine.messages.phrases import Phrase  # noqa: E402
from mtd.engine.model.plan import Plan  # noqa: E402
from mtd.usecases.processes.import_processes import STATES, served  # noqa: E402
from mtd.usecases.processes.simulate_process import simulate_process  # noqa: E402
from tests.support.orders import OrderFile  # noqa: E402

_SUFFIXES = (".bpmn", ".xpdl", ".bpm")
_MOST_WALKS = 200


@dataclass(slots=True)
class Findings:
    """The results of the files: verdicts, reasons, and how many processes each reason keeps from being ready."""

    files: int = 0
    crashed: int = 0
    walked: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def summary(self) -> dict[str, int]:
        verdicts = {verdict.value: self.verdicts[verdict.value] for verdict in Verdict}
        processes = sum(verdicts.values())
        return {"files": self.files, "processes": processes, **verdicts, "crashed": self.crashed, "walked": self.walked}


def files_of(folder: Path) -> Iterator[Path]:
    """The diagram files of the folder, not of those in it."""
    return (path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix.lower() in _SUFFIXES)


def walk(plan: Plan, order: Order) -> str:
    """Walk the process until every choice that is met has been taken; what stopped a walk, else an empty text.

    Of a choice, what has not been taken yet is; then what leads to such an answer soonest, else to an end. In every
    second walk it is what was taken least: what is still to be taken may lie on another branch, and need its time.
    """
    taken: Counter[tuple[str, str]] = Counter()
    fairly = False

    def choose(name: str, options: tuple[str, ...]) -> str:
        for option in options:
            taken[name, option] += 0
        fresh = [option for option in options if not taken[name, option]]
        if fairly:
            chosen = min(options, key=lambda option: taken[name, option])
        else:
            chosen = fresh[0] if fresh else min(options, key=lambda option: _way_out(plan, name, option, taken))
        taken[name, chosen] += 1
        return chosen

    for number in range(_MOST_WALKS):
        fairly = number % 2 == 1
        walk = simulate_process(plan, order, (), {}, choose)
        if walk["outcome"] is None and not (fairly and walk["problem"] and walk["problem"]["code"] == "endless"):
            return str(walk["problem"]["message"] if walk["problem"] else f"stands at {walk['stands']}")
        if all(taken.values()):
            return ""
    missing = next(choice for choice, times in taken.items() if not times)
    return f"{missing[0]} was never answered {missing[1]}"


def _way_out(plan: Plan, choice: str, option: str, taken: Counter[tuple[str, str]]) -> tuple[bool, int]:
    """How far it is from the answer to one that is still to be taken, or else to an end."""
    open_choices = {name for (name, _), times in taken.items() if not times}
    nearest_end, edge, seen, steps = len(plan.nodes), [_target(plan, choice, option)], set[str](), 0
    while edge:
        steps += 1
        seen.update(edge)
        nodes = [plan.nodes[each] for each in edge]
        if any(each.work and any(one.name in open_choices for one in each.work.choices) for each in nodes):
            return False, steps
        if any(not each.flows for each in nodes):
            nearest_end = min(nearest_end, steps)
        following = [flow.to for each in nodes for flow in each.flows]
        following += [each.first for each in nodes if each.first] + [one for each in nodes for one in each.boundaries]
        edge = list(dict.fromkeys(each for each in following if each not in seen))
    return True, nearest_end


def _target(plan: Plan, choice: str, option: str) -> str:
    """Where the answer leads."""
    gateway = plan.nodes.get(f"{choice}_split") or plan.nodes[choice]
    fits = [
        flow.to
        for flow in gateway.flows
        if flow.when in (rule_of(choice, option, False), rule_of(choice, option, True))
    ]
    return next(iter(fits), gateway.flows[-1].to)


def main(arguments: list[str]) -> int:
    """Print a line for each process, the reasons by frequency, and the sums; 1 when anything crashed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.bizagi", description="imports and walks diagrams"
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="print a line for what is ready and walked, too")
    given = parser.parse_args(arguments)
    order, found = ubl.parse_order(OrderFile(number="O-1").xml().encode()), Findings()
    for path in files_of(given.folder):
        found.files += 1
        started = time.perf_counter()
        try:
            reports = importing.import_sources([Source(name=path.name, content=path.read_bytes())], STATES)
            lines = [_line(served(report), order, found) for report in reports]
        except Exception as error:
            found.crashed += 1
            lines = [f"crashed   {type(error).__name__}: {error}"]
        seconds = time.perf_counter() - started
        for line in lines if given.all or seconds > 10 else filter(None, (_if_lacking(each) for each in lines)):
            print(f"{path.name[:60]:60} {seconds:5.1f} s  {line}")
    print()
    for reason, times in found.reasons.most_common(60):
        print(f"{times:5}  {reason}")
    print(json.dumps(found.summary()))
    return 1 if found.crashed else 0


def _if_lacking(line: str) -> str:
    return "" if line.startswith("walked") else line


def _line(report: Report, order: Order, found: Findings) -> str:
    found.verdicts[report.verdict.value] += 1
    if report.verdict is not Verdict.READY or report.plan is None:
        found.reasons.update({_kind(phrase) for phrase in _in_the_way(report)})
        return f"{report.verdict.value:9} {report.process}: {report.reason}"
    problem = walk(report.plan, order)
    if problem:
        found.reasons[f"not walked: {problem}"] += 1
        return f"stopped   {report.process}: {problem}"
    found.walked += 1
    return f"walked    {report.process}"


def _in_the_way(report: Report) -> list[Phrase]:
    refused = report.verdict is Verdict.REFUSED
    return [*([report.reason] if refused and report.reason else ()), *report.unbound]


def _kind(phrase: Phrase) -> str:
    known = [f"{name}={value}" for name, value in phrase.values if name in ("what", "trigger", "count")]
    return " ".join([phrase.code, *known])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
