"""run a function under debugpy, so that an IDE's breakpoints stop at real events; Ctrl+C ends it"""

import argparse
import signal
import threading
from types import FrameType

from devenv.commands.environment import invoke
from devenv.debugging import address, debugged
from devenv.instance import Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("function", metavar="FUNCTION", help="a folder's name under src/lambdas")
    parser.add_argument("--wait", action="store_true", help="the process waits until the IDE is attached")
    parser.add_argument("--event", metavar="FILE", help="call it with this JSON ('-': standard input), then end")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    running = Running.of(instance)
    event = invoke.read_event(arguments.event) if arguments.event else None
    signal.signal(signal.SIGTERM, _interrupt)
    with debugged(running, arguments.function, wait=arguments.wait or event is not None) as starts:
        if starts or event is not None:
            print(f"{arguments.function} listens on {address(running)}. Attach to it: docs/debugging.md.", flush=True)
        else:
            print(
                f"{arguments.function} will listen on {address(running)} from its next call on"
                + (", and wait there for your IDE." if arguments.wait else ". With --wait it waits for your IDE."),
                flush=True,
            )
        if event is not None:
            return invoke.call(running, arguments.function, event)
        print("Ctrl+C ends the debugging. A call that stands at a breakpoint then fails and is repeated.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"\n{arguments.function} runs without a debugger again.")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
