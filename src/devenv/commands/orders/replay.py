"""call read_queue with an order of a waiting queue, of this instance or of an AWS account"""

import argparse
import json

from devenv.commands.environment import invoke
from devenv.debugging import address, debugged
from devenv.instance import ENVIRONMENT, Instance
from devenv.orders.waiting_message import borrowed_message, event_of, source_of, with_order_copied
from devenv.running import Running

_FUNCTION = "read_queue"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NUMBER", help="the order's number, or the message's id")
    parser.add_argument(
        "--from",
        dest="source",
        metavar="ENVIRONMENT",
        help="staging, production, ... in the account of AWS_PROFILE (default: this instance)",
    )
    parser.add_argument("--debug", action="store_true", help="run it under the debugger, which waits for your IDE")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    """Returns 1 when the call failed again. The message stays in its queue."""
    running = Running.of(instance)
    source = source_of(instance, running, arguments.source)
    with borrowed_message(source, arguments.source or ENVIRONMENT, arguments.number) as message:
        if source is not running.clients:
            message = with_order_copied(message, source, running)
        event = json.dumps(event_of(message)).encode()
        if not arguments.debug:
            return _called(running, event)
        with debugged(running, _FUNCTION, wait=True):
            print(f"{_FUNCTION} waits on {address(running)} for your IDE: docs/debugging.md.", flush=True)
            return _called(running, event)


def _called(running: Running, event: bytes) -> int:
    code, answer = invoke.answered(running, _FUNCTION, event)
    failed = bool(code) or bool(json.loads(answer).get("batchItemFailures"))
    print(
        "The order failed again."
        if failed
        else "The order is registered here. Its message still waits: 'mtd waiting --push' pushes it back to the queue."
    )
    return 1 if failed else 0
