"""list connected systems; declare those of a file, try one for an order, open or close its circuit"""

import argparse
import getpass
import time
from pathlib import Path
from typing import Any

from devenv.aws import Clients
from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.console.steps import Steps
from devenv.console.words import whole_number
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.running import Running
from devenv.systems.connect_demo import ConnectDemo
from devenv.systems.declaring import declare_here, declare_there
from devenv.systems.system_files import read_systems

type Json = dict[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    json_flag(parser)
    tenant_flag(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    person = {"default": getpass.getuser(), "help": "the person who does it (default: the user of this machine)"}
    summary = "declare the systems of a file; here the simulator stands in for them"
    declaring = actions.add_parser("declare", help=summary, description=summary)
    declaring.add_argument("file", type=Path, metavar="FILE", help="YAML, as docs/connect.md describes it")
    declaring.add_argument("--real", action="store_true", help="call the systems themselves, at their addresses")
    declaring.add_argument("--environment", help="declare them in this AWS environment, with the user's credentials")
    declaring.add_argument("--person", **person)  # type: ignore[arg-type]
    summary = "send a system the request of a task for an order, and show the answer"
    trying = actions.add_parser("try", help=summary, description=summary)
    trying.add_argument("system")
    trying.add_argument("--process", required=True, help="the key of the process that has the task")
    trying.add_argument("--version", required=True, type=int)
    trying.add_argument("--task", required=True, help="the task's name in the process, such as check_fraud")
    trying.add_argument("--order", metavar="NUMBER", help="the order (default: the newest)")
    summary = "connect the fraud check of seed/systems/fraud: its first order, an outage, and its end"
    demo = actions.add_parser("demo", help=summary, description=summary)
    demo.add_argument("--orders", type=whole_number, default=50, metavar="N", help="orders in the outage (default: 50)")
    for action in ("open", "close"):
        changing = actions.add_parser(action, help=f"{action} the circuit of a system")
        changing.add_argument("system")
        changing.add_argument("--reason", required=True, help="the reason, which the circuit shows")
        changing.add_argument("--person", **person)  # type: ignore[arg-type]


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    if arguments.action == "declare":
        return _declare(arguments, instance)
    running = Running.of(instance)
    if arguments.action == "demo":
        return _demo(arguments.orders, running)
    if arguments.action == "try":
        return _try(arguments, running)
    if arguments.action in ("open", "close"):
        asked = {"action": arguments.action, "person": arguments.person, "reason": arguments.reason}
        circuit = running.orders_api().change_circuit(arguments.system, asked)
        console().print(f"The circuit of {circuit['system']} is {circuit['state']}.", highlight=False)
        return 0
    rows: list[Json] = running.orders_api(arguments.tenant).call("GET", "/systems")["systems"]
    if arguments.json:
        print_json(rows)
    else:
        _show(rows)
    return 0


def _declare(arguments: argparse.Namespace, instance: Instance) -> int:
    found = read_systems(arguments.file, arguments.environment or "local")
    if arguments.environment:
        clients = Clients(None)
        done = [declare_there(clients, arguments.environment, each, arguments.person) for each in found]
    else:
        running = Running.of(instance)
        done = [declare_here(running, each, arguments.person, real=arguments.real) for each in found]
    if arguments.json:
        print_json(done)
        return 0
    for each in done:
        console().print(f"{each['system']} {each['done']}: {each['declaration']['url']}", markup=False, highlight=False)
    return 0


def _try(arguments: argparse.Namespace, running: Running) -> int:
    body = {name: getattr(arguments, name) for name in ("process", "version", "task")}
    if arguments.order:
        body["number"] = arguments.order
    answer: Json = running.orders_api().call("POST", f"/systems/{arguments.system}/try", body=body)
    print_json(answer)
    if "error" in answer:
        raise Problem(
            f"{answer['error']['message']} ({answer['error']['code']}).", fix="Correct the sheet or the system."
        )
    return 0


def _demo(orders: int, running: Running) -> int:
    if not 5 <= orders <= 1_000:
        raise Problem("--orders must be 5 to 1,000: fewer do not open a circuit.", fix="Ask for another number.")
    demo, began = ConnectDemo(running=running, person=getpass.getuser()), time.monotonic()
    with demo.leaving_no_trace(), Steps(console()) as steps:
        with steps.step("System declared, version imported and active") as step:
            step.note = demo.connect()
        with steps.step("First order through the system") as step:
            step.note = demo.first_order(began)
        with steps.step("System down, orders parked", total=orders) as step:
            step.note = str(demo.outage(orders, step.done))
        with steps.step("System back, orders ended", total=orders + 1) as step:
            step.note = str(demo.recovery(step.done))
    print_json(demo.figures)
    wrong = ("lost", "not_called", "called_twice", "lines_of_python")
    return 1 if any(demo.figures[name] for name in wrong) else 0


def _show(rows: list[Json]) -> None:
    columns = ("System", "Address", "Circuit", "Parked", "Calls/h", "No answer", "Refused", "Mean ms", "Longest ms")
    shown = (
        (
            row["system"],
            row["declaration"]["url"],
            "open, by hand" if row["by_hand"] else row["circuit"],
            row["parked"],
            row["calls"],
            row["unanswered"],
            row["refused"],
            "" if row["mean_ms"] is None else row["mean_ms"],
            "" if row["longest_ms"] is None else row["longest_ms"],
        )
        for row in rows
    )
    console().print(table(columns, shown, right=columns[3:]))
