"""import process diagrams, list their versions, move orders in flight between versions"""

import argparse
import sys
from pathlib import Path

from devenv.commands.orders import order
from devenv.console.screen import console, json_flag, print_json, table, tenant_flag
from devenv.console.steps import Steps
from devenv.console.words import whole_number
from devenv.diagrams import diagram_files, process_demo, process_transfer
from devenv.diagrams.diagram_files import Json
from devenv.instance import PROJECT, Instance
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    summary = "report on diagrams: corrections, the server or group of each task, and whether orders can run"
    importing = actions.add_parser("import", help=summary, description=summary)
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".bpmn, .xpdl or .bpm")
    importing.add_argument(
        "--strict", action="store_true", help="fail while people stand in for what nothing is bound to"
    )
    json_flag(importing)
    summary = "write a binding sheet to begin with: what is known of a diagram filled in, the rest as comments"
    sheet = actions.add_parser("sheet", help=summary, description=summary)
    sheet.add_argument("file", type=Path, metavar="FILE", help=".bpmn, .xpdl or .bpm")
    summary = "import tests/data/processes/fulfilment.bpm, run orders on it and do people's tasks through the API"
    demo = actions.add_parser("demo", help=summary, description=summary)
    summary = "list the versions of processes, and the number of orders in flight on each"
    versions = actions.add_parser("versions", help=summary, description=summary)
    tenant_flag(versions)
    json_flag(versions)
    summary = "rehearse, run or reverse a migration of orders in flight to another version"
    process_transfer.arguments(actions.add_parser("migrate", help=summary, description=summary))
    demo.add_argument("--orders", type=whole_number, default=50, metavar="N", help="how many (default: 50)")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    if arguments.action == "demo":
        return _demo(arguments.orders, instance)
    if arguments.action == "sheet":
        return _sheet(arguments.file)
    if arguments.action == "migrate":
        return process_transfer.run(arguments, instance)
    if arguments.action == "versions":
        api = Running.of(instance).orders_api(arguments.tenant)
        return _versions(api.call("GET", "/processes")["versions"], arguments.json)
    reports = diagram_files.reports(arguments.files, PROJECT)
    if arguments.json:
        print_json(reports)
    for report in reports:
        if not arguments.json and report["nodes"]:
            _show(report)
        if report["verdict"] == "refused":
            print(f"mtd: {report['file']}: refused: {report['reason']}", file=sys.stderr)
    waiting = arguments.strict and any(report["verdict"] == "unbound" or report["walkthrough"] for report in reports)
    return 1 if waiting or any(report["verdict"] == "refused" for report in reports) else 0


def _sheet(path: Path) -> int:
    source = diagram_files.file(path)
    if "problem" in source:
        raise Problem(f"{source['problem']}.", fix="Name a .bpmn, .xpdl or .bpm file.")
    print(diagram_files.starter_sheet(path, PROJECT), end="")
    return 0


def _show(report: Json) -> None:
    screen = console()
    title = f"{report['process']}: {report['name']}, {report['nodes']} nodes, {report['flows']} flows"
    screen.print(title, style="bold", markup=False, highlight=False)
    for heading, part in (
        ("Put right", "fixes"),
        ("Not bound", "unbound"),
        ("Found", "lint"),
        ("By people until it is bound", "walkthrough"),
    ):
        if report[part]:
            screen.print(table((heading,), ((f"  {each}",) for each in report[part])))
    if report["bindings"]:
        screen.print(table(("Task", "Done by"), ((f"  {each['task']}", each["by"]) for each in report["bindings"])))
    reason = f": {report['reason']}" if report["reason"] else ""
    screen.print(f"Verdict: {report['verdict']}{reason}\n", style="bold", markup=False, highlight=False)


def _versions(versions: list[Json], as_json: bool) -> int:
    if as_json:
        print_json(versions)
        return 0
    rows = [
        (
            each["process"],
            each["version"],
            "active" if each["active"] else "retired" if each["retired_at"] else "",
            each["orders_in_flight"],
            each["imported_at"][:19],
        )
        for each in versions
    ]
    console().print(table(("Process", "Version", "Orders start", "In flight", "Imported"), rows, right=("In flight",)))
    return 0


def _demo(orders: int, instance: Instance) -> int:
    if not 1 <= orders <= 1_000:
        raise Problem("--orders must be 1 to 1,000.", fix="Ask for fewer.")
    out, api = console(), Running.of(instance).orders_api()
    with Steps(out) as steps:
        with steps.step("Process imported and active") as step:
            report, step.note = process_demo.import_process(api, instance.project)
        with steps.step("Orders started") as step:
            numbers = process_demo.start(api, report, orders)
            step.note = str(len(numbers))
        with steps.step("People's tasks done, orders ended", total=orders) as step:
            done, ends = process_demo.work(api, numbers, step.done)
    out.print(table(("Task", "Done"), sorted(done.items()), right=("Done",)))
    out.print(table(("Ended as", "Orders"), sorted(ends.items()), right=("Orders",)))
    first = api.order(min(numbers)) or {}
    order.show(out, first, first.get("events", []))
    return 0 if ends["completed"] == orders else 1
