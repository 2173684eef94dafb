"""what an environment has that was not deployed: changed resources, other versions, other code"""

import argparse

from delivery.release import drift
from delivery.targets import target
from devenv.console.screen import json_flag, print_json
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--environment", required=True, help="staging or production")
    parser.add_argument("--rehearse", action="store_true", help="in the running instance (or set AWS_ENDPOINT_URL)")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """1 when there is any."""
    found = drift.found(target.of(arguments.environment, instance, {}, rehearse=arguments.rehearse))
    if arguments.json:
        print_json(found)
    else:
        print("\n".join(found) or "no drift: what stands is what was deployed")
    return int(bool(found))
