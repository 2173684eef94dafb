"""make the emulator's and the Lambda runtime's environments, and print their interpreters"""

import argparse

from devenv.backends.tool_environments import ensure
from devenv.console.screen import json_flag, print_json
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    made = ensure(instance)
    if arguments.json:
        print_json({"emulator": str(made.emulator), "lambda": str(made.runtime)})
    else:
        print(f"emulator {made.emulator}\nlambda   {made.runtime}")
    return 0
