"""serve a failing version of a function until its alarm rolls it back, and check that no order is lost"""

import argparse

from delivery.release import drill
from devenv.console.screen import console, json_flag, print_json, table
from devenv.console.steps import Steps
from devenv.console.words import quantity, whole_number
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--function", default="allocate_order", help="the function to fail (default: allocate_order)")
    parser.add_argument("--orders", type=whole_number, default=30, help="put before, during and after (default: 30)")
    parser.add_argument("--bake", type=quantity, default=90.0, metavar="SECONDS", help="watch the alarms for that long")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when no alarm went off, or an order was lost or did not complete."""
    if arguments.orders < 3:
        raise Problem(
            "A drill needs at least 3 orders: before, during and after the failure.",
            fix="Use --orders 3 or more.",
            code=2,
        )
    out = console()
    with Steps(out) as steps:
        drilled = drill.run(Running.of(instance), steps, arguments.function, arguments.orders, arguments.bake)
    if arguments.json:
        print_json(
            {
                "function": drilled.function,
                "alarms": drilled.alarms,
                "put": drilled.put,
                "states": drilled.states,
                "lost": drilled.lost,
                "moments": [{"s": round(at, 1), "what": what} for at, what in drilled.moments],
            }
        )
    else:
        out.print()
        out.print(table(("s", "What"), ((f"{at:.1f}", what) for at, what in drilled.moments), right=("s",)))
        ended = ", ".join(f"{state} {count}" for state, count in sorted(drilled.states.items()))
        out.print(f"\nOrders put {drilled.put}: {ended}; lost {len(drilled.lost)}", highlight=False)
        if drilled.lost:
            out.print(f"Lost: {', '.join(drilled.lost)}", highlight=False)
    return 0 if drilled.passed else 1
