"""deploy a build: change set, gate, migration, traffic, smoke test, alarms; roll back on failure"""

import argparse
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from delivery.deployment.changes import COLUMNS, Change, markdown, rows
from delivery.packaging import builds
from delivery.packaging.builds import Build
from delivery.release import given, image, local
from delivery.release.preflight.asking import findings
from delivery.release.sequence import Deployment
from delivery.targets.choice import target_of
from delivery.targets.target import Target
from devenv.console.screen import console, table
from devenv.console.steps import Steps
from devenv.instance import ENVIRONMENT, Instance
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--environment", required=True, help="local, staging or production")
    parser.add_argument("--build", metavar="DIGEST", help="an existing build, or the beginning of its digest")
    parser.add_argument(
        "--review", action="store_true", help="show the change set and the gate's decision, change nothing"
    )
    parser.add_argument("--rehearse", action="store_true", help="in the running instance (or set AWS_ENDPOINT_URL)")
    parser.add_argument(
        "--accept", metavar="NAMES", help="stateful resources that may be replaced or removed, with commas; or ACCEPT"
    )
    parser.add_argument(
        "--despite-alarms", action="store_true", help="deploy although alarms are on; or DESPITE_ALARMS"
    )
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the template; or PARAMETERS"
    )
    parser.add_argument("--smoke-order", type=Path, metavar="FILE", help="the order to try; or SMOKE_ORDER")
    parser.add_argument("--bake", type=float, metavar="SECONDS", help="watch the alarms for that long")
    parser.add_argument("--summary", metavar="FILE", help="append the changes as Markdown; or GITHUB_STEP_SUMMARY")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    environment = arguments.environment
    if not re.fullmatch(r"[a-z][a-z0-9]{1,11}", environment):
        raise Problem(f"'{environment}' cannot name an environment.", fix="local, staging or production.", code=2)
    named = arguments.smoke_order or instance.setting("SMOKE_ORDER")
    smoke_order = Path(named) if named else None
    if smoke_order and not smoke_order.is_file():
        raise Problem(f"The file {smoke_order} does not exist.", fix="Check SMOKE_ORDER.", code=2)
    summary = arguments.summary or instance.setting("GITHUB_STEP_SUMMARY")
    out = console()

    def show(changes: Sequence[Change]) -> None:
        title = f"{environment}: {'what would change' if arguments.review else 'what changes'}"
        out.print(table(COLUMNS, rows(changes)) if changes else "No resource changes.")
        if summary:
            with Path(summary).open("a", encoding="utf-8") as page:
                page.write(markdown(title, changes) + "\n")

    accepted = tuple(filter(None, (arguments.accept or instance.setting("ACCEPT")).split(",")))
    with Steps(out) as steps:
        if environment == ENVIRONMENT:
            done = local.deploy(Running.of(instance), steps, show, accepted, review=arguments.review)
            print(done)
            return 0
        build = builds.find(instance, arguments.build) if arguments.build else builds.make(instance)
        print(f"build {build.digest}")
        target = _target(arguments, instance, build)
        deployment = Deployment(
            target=target,
            build=build,
            ask=partial(findings, target, build) if target.needs_preflight else tuple,
            steps=steps,
            show=show,
            accepted=accepted,
            despite_alarms=arguments.despite_alarms or bool(instance.setting("DESPITE_ALARMS")),
            smoke_order=smoke_order,
        )
        if arguments.review:
            deployment.review()
            return 0
        print(deployment.run())
    return 0


def _target(arguments: argparse.Namespace, instance: Instance, build: Build) -> Target:
    """The target of the environment. Unless this is a review, the portal's image is pushed to its repository first."""
    known = given.parameters(arguments.parameter, instance)
    made = target_of(arguments.environment, instance, known, rehearse=arguments.rehearse, bake_seconds=arguments.bake)
    if arguments.review or "PortalDigest" in known:
        return made
    return image.with_image(made, build, image.archive(instance))
