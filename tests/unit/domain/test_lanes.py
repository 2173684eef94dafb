"""The lanes are the same in the code, in the templates and in chaos."""

import pytest

from delivery.packaging.loops import written_out
from delivery.packaging.template import load
from devenv.instance import PROJECT
from mtd.domain.lanes import LANES, MAIN, lane_of
from mtd.usecases.processes.import_processes import STATES
from proving.chaos import plan

STACKS = PROJECT / "cloudformation" / "stacks"


@pytest.mark.parametrize(
    ("server", "lane"),
    [
        ("allocation", "transitions-eom"),
        ("dispatch", "transitions-eom"),
        ("emission_dte", "transitions-paperless"),
        ("cancellation", "transitions-cancellation"),
        ("system:fraud", "transitions-systems"),
        ("validation", MAIN),
        ("completion", MAIN),
        ("dte_incident", MAIN),
        ("control_error", MAIN),
        ("", MAIN),
    ],
)
def test_a_server_has_the_lane_of_the_system_that_it_asks(server: str, lane: str) -> None:
    assert lane_of(server) == lane


def test_every_state_has_a_lane_that_exists() -> None:
    assert {lane_of(state) for state in STATES} <= set(LANES)


def test_every_lane_has_its_queue_its_reader_and_its_alarm() -> None:
    messaging = written_out(load(STACKS / "messaging.yaml"))
    names = messaging["Mappings"]["Lanes"]
    found = [key.removesuffix("TransitionsQueue") for key in messaging["Resources"] if key.endswith("TransitionsQueue")]
    queues = [f"transitions-{names[lane]['Name']}" if lane else "transitions" for lane in found]
    events = load(STACKS / "functions.yaml")["Resources"]["RouteOrderFunction"]["Properties"]["Events"]
    read = [
        str(event["Properties"]["Queue"].get("Fn::Sub", "transitions")).replace("${TransitionsQueueArn}", "transitions")
        for event in events.values()
    ]
    alarmed = {each["Name"] for each in load(STACKS / "monitoring.yaml")["Mappings"]["Queues"].values()}

    assert sorted(queues) == sorted(LANES)
    assert sorted(read) == sorted(LANES)
    assert set(LANES) <= alarmed


def test_chaos_strikes_every_lane() -> None:
    assert set(LANES) <= set(plan.QUEUES)
