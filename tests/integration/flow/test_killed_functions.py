"""A function's process killed in the middle of its call: the order goes on, and nothing is done twice."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from tests.integration.system import System, until
from tests.support.orders import OrderFile


def _kill(system: System, function: str) -> bool:
    """Kill the processes of the function that are at work; whether there was one."""
    killed = False
    for environment in system.environments():
        at_work = environment["state"] != "idle" and environment["pid"] is not None
        if environment["function"] == f"mtd-local-{function}" and at_work:
            # It may have ended since it was listed.
            with suppress(ProcessLookupError):
                system.kill_function(environment["pid"])
                killed = True
    return killed


def _ended(system: System, numbers: Sequence[str]) -> list[str]:
    """The states of the orders, after a nudge to the relay, which runs by itself once a minute only."""
    system.invoke("relay_outbox", {})
    return [system.order(number).get("state", "") for number in numbers]


def test_a_tax_document_is_issued_once_over_a_killed_function(system: System, number: str) -> None:
    before, after = f"{number}-before", f"{number}-after"
    system.fault("paperless", before, hang_before=True, hang_seconds=1.4, times=1)
    system.fault("paperless", after, hang_after=True, hang_seconds=1.4, times=1)
    for each in (before, after):
        system.put(OrderFile(number=each).xml(), f"{each}.xml")

    # One of the two may be in a batch of its own: the second kill is for that one, if it is still to come.
    until(lambda: _kill(system, "issue_dte"), bool)
    _kill(system, "issue_dte")

    until(lambda: _ended(system, (before, after)), lambda states: states == ["completed", "completed"])
    for each in (before, after):
        assert len(system.done("paperless", "issue", each)) == 1
        until(partial(system.mails, each), lambda mails: len(mails) == 1)
