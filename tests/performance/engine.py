"""The engine: microseconds a step of the interpreter, and the time to import and compile a large diagram.

Steps are measured on the order's own process, on parallel branches with an inclusive join, and inside a sequential
multi-instance of 2,000 lines; how many of 500 parallel instances of one order complete a second, with all of its tokens
at hand and with the two that `completes_alone` asks for; importing, and drawing anew, on a generated diagram of 300 KB.
The last line is JSON.

    .venv/bin/python tests/performance/engine.py [--rounds 2000]
"""

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:1] = [str(ROOT)]

from mtd.domain.orders import xml  # noqa: E402
from mtd.engine.compiler import importing  # noqa: E402
from mtd.engine.compiler.reports import Source  # noqa: E402
from mtd.engine.layout.diagram import diagram  # noqa: E402
from mtd.engine.model import plan_json  # noqa: E402
from mtd.engine.model.plan import Plan  # noqa: E402
from mtd.engine.model.tokens import TaskCompleted, Token, Waits, applied  # noqa: E402
from mtd.engine.runtime import interpreter  # noqa: E402
from mtd.usecases.processes.import_processes import STATES  # noqa: E402
from tests.support.bpmn_files import bpmn  # noqa: E402
from tests.support.diagrams import draw  # noqa: E402

_GOAL_STEP_US = 25
_GOAL_INSTANCES = 100
_GOAL_COMPILE_MS = 50
_BYTES = 300 * 1024
_BRANCHES = """
    start: S
    or: Split
    or: Join
    end: E
    S > Split
    Join > E
"""
_LINES = """
    start: S
    sub: Pack | many=sequential {
        start: Take
        xor: Heavy?
        user: Lift together | group=warehouse
        user: Lift alone | group=warehouse
        end: Lifted
        Take > Heavy? >[line.quantity > 10] Lift together > Lifted
        Heavy? >[*] Lift alone > Lifted
    }
    end: E
    S > Pack > E
"""


def walk(plan: Plan, facts: Mapping[str, Any], most: int) -> list[float]:
    """Microseconds of each step, the first task first, until the case ends or `most` steps are done."""
    times: list[float] = []
    tokens: dict[int, Token] = {}
    started = time.perf_counter_ns()
    changes = interpreter.begin(plan, facts)
    times.append((time.perf_counter_ns() - started) / 1000)
    while changes.outcome is None and len(times) < most:
        tokens = applied(tokens, changes)
        working = next(t for t in tokens.values() if t.waits in (Waits.SERVICE, Waits.PERSON))
        started = time.perf_counter_ns()
        changes = interpreter.step(plan, tokens, TaskCompleted(token=working.id), facts)
        times.append((time.perf_counter_ns() - started) / 1000)
    return times


def cases() -> dict[str, tuple[Plan, Mapping[str, Any]]]:
    """Plans to walk, with the facts of an order."""
    seed = (ROOT / "seed" / "processes" / "purchase-order.bpmn").read_bytes()
    branches = _BRANCHES + "".join(f"user: T{n} | group=g\nSplit >[gift_card] T{n}\nT{n} > Join\n" for n in range(10))
    branches = branches.replace("Split >[gift_card] T0", "Split >[*] T0")
    lines = [{"quantity": number % 20} for number in range(2_000)]
    each = {"tasks": {"Pack": {"each": "order.lines", "as": "line"}}}
    return {
        "purchase order": (importing.compile_plan(seed, "p", STATES), {"gift_card": True}),
        "ten branches": (importing.compile_plan(bpmn(draw(branches)), "p", ()), {"gift_card": True}),
        "2,000 lines": (importing.compile_plan(bpmn(draw(_LINES)), "p", (), each), {"order": {"lines": lines}}),
    }


def instances(alone: bool) -> float:
    """How many of 500 parallel instances of one order complete a second, each with a value that comes back."""
    each = {"tasks": {"A": {"group": "g", "each": "order.lines", "as": "line"}}}
    plan = importing.compile_plan(bpmn(draw("start: S\nuser: A | many=parallel\nend: E\nS > A > E")), "p", (), each)
    facts = {"order": {"lines": [{"quantity": number} for number in range(500)]}, "data": {}}
    tokens = applied({}, interpreter.begin(plan, facts))
    waiting = [token.id for token in tokens.values() if token.waits is Waits.PERSON]
    spent = 0
    for token_id in waiting:
        token = tokens[token_id]
        around = tokens[token.scope or 0]
        few = {token.id: token, around.id: around}
        started = time.perf_counter_ns()
        seen = few if alone and interpreter.completes_alone(plan, token, around) else tokens
        changes = interpreter.step(plan, seen, TaskCompleted(token=token_id, values={"ok": True}), facts)
        spent += time.perf_counter_ns() - started
        tokens = applied(tokens, changes)
    return len(waiting) * 1e9 / spent


def large_diagram() -> bytes:
    """Blocks of a choice, a service with an error way, a split and a sub-process, one after the other.

    It has no shapes, which are most of what Bizagi writes: as many nodes as a drawn diagram of 3 MB.
    """
    blocks, size, before = ["start: S", "end: E", "end: X"], 0, "S"
    number = 0
    while size < _BYTES:
        number += 1
        blocks.append(
            f"xor: G{number}\nxor: H{number}\nservice: A{number} | lambda=a\n"
            f"boundary: F{number} | on=A{number}, error\nF{number} > X\nand: P{number}\nand: Q{number}\n"
            f"user: B{number} | group=g\nuser: C{number} | group=g\n"
            f"sub: U{number} {{\nstart: V{number}\nservice: W{number} | lambda=w\nend: Y{number}\n"
            f"V{number} > W{number} > Y{number}\n}}\n"
            f"{before} > G{number} >[gift_card] A{number} > H{number} > P{number} > B{number} > Q{number} > U{number}\n"
            f"G{number} >[*] H{number}\nP{number} > C{number} > Q{number}"
        )
        before = f"U{number}"
        size = len(bpmn(draw("\n".join([*blocks, f"{before} > E"])))) if number % 20 == 0 else size
    return bpmn(draw("\n".join([*blocks, f"{before} > E"])))


def milliseconds(run: Callable[[], object], rounds: int) -> float:
    """The median of so many runs."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=2_000, help="steps measured of each process, at least")
    rounds = parser.parse_args().rounds
    figures: dict[str, float] = {}
    print(f"Interpreter, Python {platform.python_version()}, {platform.machine()}\n")
    print(f"{'':20}{'steps':>8}{'p50 µs':>10}{'p99 µs':>10}{'steps/s':>12}")
    for name, (plan, facts) in cases().items():
        times: list[float] = []
        while len(times) < rounds:
            times += walk(plan, facts, rounds)
        p50, p99 = percentile(times, 50), percentile(times, 99)
        per_second = 1_000_000 * len(times) / sum(times)
        print(f"{name:20}{len(times):8}{p50:10.1f}{p99:10.1f}{per_second:12,.0f}")
        key = name.replace(" ", "_").replace(",", "")
        figures |= {f"{key}_step_p50_us": round(p50, 1), f"{key}_steps_per_second": round(per_second)}
    print(f"{'goal: a step ≤':20}{'':8}{_GOAL_STEP_US:10}\n")
    figures |= {
        "500_instances_per_second": round(instances(alone=False)),
        "500_instances_alone_per_second": round(instances(alone=True)),
    }
    print(
        f"500 parallel instances of one order: {figures['500_instances_per_second']:,.0f} a second with all tokens, ",
        end="",
    )
    print(f"{figures['500_instances_alone_per_second']:,.0f} with two; goal >= {_GOAL_INSTANCES}\n")
    content = large_diagram()
    sources = [Source(name="large", content=content)]
    [report] = importing.import_sources(sources, ())
    assert report.plan is not None, report.reason
    document = plan_json.to_json(report.plan)
    unseen = report.unseen
    assert unseen is not None
    measured = {
        "xml_ms": milliseconds(lambda: xml.parse(content), 9),
        "import_ms": milliseconds(lambda: importing.import_sources(sources, ()), 9),
        "diagram_ms": milliseconds(lambda: diagram(unseen), 9),
        "plan_from_json_ms": milliseconds(lambda: plan_json.from_json(document), 9),
    }
    print(f"Diagram of {len(content) / 1024:.0f} KB, {report.nodes} nodes, {report.flows} flows; plan of ", end="")
    print(f"{len(json.dumps(document)) / 1024:.0f} KB, drawn as BPMN {len(diagram(unseen)) / 1024:.0f} KB")
    for label, value in measured.items():
        print(f"  {label:<20}{value:8.1f}" + (f"   goal <= {_GOAL_COMPILE_MS}" if label == "import_ms" else ""))
    rounded = {name: round(value, 1) for name, value in measured.items()}
    print(json.dumps(figures | rounded | {"kilobytes": len(content) // 1024}))


if __name__ == "__main__":
    main()
