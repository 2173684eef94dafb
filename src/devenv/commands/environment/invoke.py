"""call one function and print its answer"""

import argparse
import base64
import json
import sys
from pathlib import Path

from devenv.instance import ENVIRONMENT, Instance
from devenv.problem import Problem
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("function", metavar="FUNCTION", help="a folder's name under src/lambdas")
    parser.add_argument("--event", metavar="FILE", help="JSON file ('-': standard input; default: {})")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    running = Running.of(instance)
    return call(running, arguments.function, read_event(arguments.event) if arguments.event else b"{}")


def read_event(name: str) -> bytes:
    """The JSON of a file, or of standard input for '-'. Raises Problem."""
    try:
        event = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        json.loads(event)
    except OSError as error:
        raise Problem(f"{name} cannot be read ({error.strerror}).", fix="Check the path.") from error
    except ValueError as error:
        raise Problem(f"The event in {name} is not JSON: {error}.", fix="Correct it.") from error
    return event


def call(running: Running, function: str, event: bytes) -> int:
    """Prints the answer, and the log on standard error; 1 when the function failed."""
    return answered(running, function, event)[0]


def answered(running: Running, function: str, event: bytes) -> tuple[int, str]:
    """As `call`, and also returns the answer."""
    client = running.clients.client("lambda")
    try:
        answer = client.invoke(FunctionName=f"mtd-{ENVIRONMENT}-{function}:live", Payload=event, LogType="Tail")
    except client.exceptions.ResourceNotFoundException as error:
        raise Problem(
            f"No function is named '{function}'.", fix="'mtd status' counts them; each is a folder of src/lambdas."
        ) from error
    payload = answer["Payload"].read().decode("utf-8", "replace")
    print(payload)
    print(base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace").rstrip(), file=sys.stderr)
    return 1 if answer.get("FunctionError") else 0, payload
