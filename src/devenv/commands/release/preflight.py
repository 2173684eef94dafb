"""check that an account has what a deployment needs: quotas, mail, zone, roles, values; with each fix"""

import argparse
from dataclasses import asdict

from delivery.packaging import builds
from delivery.release import given
from delivery.release.preflight.asking import NOT_READY_CODE, findings
from delivery.release.preflight.findings import Severity
from delivery.targets.choice import target_of
from devenv.console.screen import console, json_flag, print_json, table
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--environment", required=True, help="staging or production")
    parser.add_argument("--build", metavar="DIGEST", help="a build made before; without it the sources are built")
    parser.add_argument("--rehearse", action="store_true", help="ask the running instance (or set AWS_ENDPOINT_URL)")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the template")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """5 when something stops a deployment, else 0."""
    build = builds.find(instance, arguments.build) if arguments.build else builds.make(instance)
    known = given.parameters(arguments.parameter, instance)
    asked = target_of(arguments.environment, instance, known, rehearse=arguments.rehearse)
    found = findings(asked, build)
    if arguments.json:
        print_json([asdict(finding) for finding in found])
    else:
        rows = [(finding.severity.value, finding.asked, finding.answer, finding.fix) for finding in found]
        console().print(table(("", "Asked", "Answer", "Do now"), rows))
    return NOT_READY_CODE if any(finding.severity is Severity.STOPS for finding in found) else 0
