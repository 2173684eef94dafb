"""The recorder: a handful of scenarios twice on one backend, whose records must not differ."""

import os

from devenv.instance import PROJECT, Instance
from devenv.running import Running
from proving.parity import run, scenarios
from proving.parity.recording import differences
from proving.parity.system import System as ParitySystem
from tests.integration.system import System

CHOSEN = {"a boleta", "eom is out three times", "eom refuses", "other content", "not xml", "a wrong limit"}


def test_two_runs_on_one_backend_do_not_differ(system: System) -> None:
    instance = Instance.from_env(os.environ | {"MTD_INSTANCE": system.state["instance"]}, PROJECT)
    running = Running.of(instance)
    chosen = [each for each in scenarios.read(PROJECT / scenarios.FILE) if each.name in CHOSEN]
    assert len(chosen) == len(CHOSEN)

    first, second = (run.record(ParitySystem(running), PROJECT, chosen, lambda *_: None) for _ in range(2))

    assert [record["late"] for record in first.values() if "late" in record] == []
    assert list(differences(first, second)) == []
    boleta = first["completes: a boleta"]
    assert boleta["states"][-1] == "completed"
    assert len(boleta["ledger"]) == 4
    assert boleta["mails"][0]["Subject"] == "Your order <number> is being processed"
