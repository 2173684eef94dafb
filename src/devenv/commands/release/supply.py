"""write the bill of materials, check licences, look for known vulnerabilities"""

import argparse
import json
from pathlib import Path

from delivery.supply.licences import licences
from delivery.supply.locks import LOCKS
from delivery.supply.sbom import bill
from delivery.supply.vulnerabilities import audit
from devenv.console.screen import console, table
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("sbom", "licences", "audit"))
    parser.add_argument("--output", type=Path, metavar="FILE", help="sbom: where to write it")
    parser.add_argument("--version", default="0", help="sbom: the version of the product")
    parser.add_argument("--pip-audit", type=Path, default=Path("pip-audit"), help="audit: the program")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when a licence is not allowed, or when a package has a known vulnerability."""
    if arguments.what == "sbom":
        return _sbom(instance.project, arguments.output, arguments.version)
    return (
        _licences(instance.project) if arguments.what == "licences" else _audit(instance.project, arguments.pip_audit)
    )


def _sbom(project: Path, output: Path | None, version: str) -> int:
    made = bill(project, version)
    text = json.dumps(made, indent=1) + "\n"
    if output is None:
        print(text, end="")
        return 0
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, "utf-8")
    print(f"{output}: {len(made['components'])} packages of {len(LOCKS)} lock files, CycloneDX {made['specVersion']}")
    return 0


def _licences(project: Path) -> int:
    found = licences(project)
    refused = [each for each in found if each.why is None]
    rows = [
        (
            each.locked.name,
            each.locked.version,
            each.licence,
            "NOT ALLOWED" if each.why is None else each.why,
            each.lock,
        )
        for each in found
    ]
    console().print(table(("Package", "Version", "Licence", "", "Lock file"), rows))
    print(
        f"\n{len(found)} packages, {len(refused)} under a licence that is not on the list (delivery/supply/licences.py)"
    )
    return 1 if refused else 0


def _audit(project: Path, pip_audit: Path) -> int:
    found = audit(project, pip_audit)
    rows = [(each.lock, each.packages, each.asked, ", ".join(each.known), each.trouble) for each in found]
    columns = ("Lock file", "Packages", "Checked", "Vulnerabilities", "Not checked because")
    console().print(table(columns, rows, right=("Packages", "Checked")))
    missing = sum(each.packages - each.asked for each in found)
    if missing:
        packages = sum(each.packages for each in found)
        print(f"\nNo database of vulnerabilities answered for {missing} of {packages} packages.")
    return 1 if any(each.known for each in found) else 0
