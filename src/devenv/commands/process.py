"""import process diagrams and say what becomes of them"""

import argparse
import sys
from pathlib import Path

from devenv import diagram_files
from devenv.diagram_files import Json
from devenv.instance import PROJECT, Instance
from devenv.screen import console, json_flag, print_json, table


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    summary = "report on diagrams: what was put right, who does each task, and whether orders can run"
    importing = actions.add_parser("import", help=summary, description=summary)
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".bpmn, .xpdl or .bpm")
    json_flag(importing)


def run(arguments: argparse.Namespace, _instance: Instance) -> int:
    reports = diagram_files.reports(arguments.files, PROJECT)
    if arguments.json:
        print_json(reports)
    for report in reports:
        if not arguments.json and report["nodes"]:
            _show(report)
        if report["verdict"] == "refused":
            print(f"mtd: {report['file']}: refused: {report['reason']}", file=sys.stderr)
    return 1 if any(report["verdict"] == "refused" for report in reports) else 0


def _show(report: Json) -> None:
    screen = console()
    title = f"{report['process']}: {report['name']}, {report['nodes']} nodes, {report['flows']} flows"
    screen.print(title, style="bold", markup=False, highlight=False)
    for heading, part in (("Put right", "fixes"), ("Not bound", "unbound"), ("Found", "lint")):
        if report[part]:
            screen.print(table((heading,), ((f"  {each}",) for each in report[part])))
    if report["bindings"]:
        screen.print(table(("Task", "Done by"), ((f"  {each['task']}", each["by"]) for each in report["bindings"])))
    reason = f": {report['reason']}" if report["reason"] else ""
    screen.print(f"Verdict: {report['verdict']}{reason}\n", style="bold", markup=False, highlight=False)
