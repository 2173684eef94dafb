"""list changes that no deployment made: resources, versions, code, parameters"""

import argparse

from delivery.release import drift
from delivery.targets.choice import target_of
from devenv.console.screen import json_flag, print_json
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--environment", required=True, help="staging or production")
    parser.add_argument("--rehearse", action="store_true", help="in the running instance (or set AWS_ENDPOINT_URL)")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when the environment has drifted."""
    found = drift.found(target_of(arguments.environment, instance, {}, rehearse=arguments.rehearse))
    if arguments.json:
        print_json(found)
    else:
        print("\n".join(found) or "no drift: the environment is as it was deployed")
    return int(bool(found))
