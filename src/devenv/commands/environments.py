"""make the emulator's and the Lambda runtime's environments, and print their interpreters"""

import argparse

from devenv.environments import ensure
from devenv.instance import Instance
from devenv.screen import json_flag, print_json


def arguments(parser: argparse.ArgumentParser) -> None:
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    made = ensure(instance)
    if arguments.json:
        print_json({"emulator": str(made.emulator), "lambda": str(made.runtime)})
    else:
        print(f"emulator {made.emulator}\nlambda   {made.runtime}")
    return 0
