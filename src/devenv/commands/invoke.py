"""call one function and print its answer"""

import argparse
import base64
import sys
from pathlib import Path

from devenv.instance import ENVIRONMENT, Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("function", metavar="FUNCTION", help="a folder's name under src/lambdas")
    parser.add_argument("--event", metavar="FILE", help="JSON file ('-': standard input; default: {})")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    running = Running.of(instance)
    event = b"{}"
    if arguments.event:
        event = sys.stdin.buffer.read() if arguments.event == "-" else Path(arguments.event).read_bytes()
    answer = running.clients.client("lambda").invoke(
        FunctionName=f"mtd-{ENVIRONMENT}-{arguments.function}:live", Payload=event, LogType="Tail"
    )
    print(answer["Payload"].read().decode("utf-8", "replace"))
    print(base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace").rstrip(), file=sys.stderr)
    return 1 if answer.get("FunctionError") else 0
