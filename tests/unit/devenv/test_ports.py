"""The ports of an instance."""

import socket
from pathlib import Path

import pytest

from devenv.instance import Instance
from devenv.ports import FAMILIAR, FIRST_CHOICE, HOST, RANGE, PortChooser, can_bind, owner
from devenv.problem import Problem


def _instance(name: str, **environ: str) -> Instance:
    return Instance(name=name, project=Path("/nowhere"), environ=environ)


def test_dev_gets_the_familiar_ports() -> None:
    chooser = PortChooser(instance=_instance("dev"), free=lambda _: True)
    assert chooser.choose({}, frozenset()) == FAMILIAR


def test_a_taken_familiar_port_is_replaced_silently() -> None:
    chooser = PortChooser(instance=_instance("dev"), free=lambda port: port != 4566)
    chosen = chooser.choose({}, frozenset())
    assert RANGE[0] <= chosen["localstack"] <= RANGE[1]
    assert chosen["postgres"] == 5432


def test_other_instances_leave_the_familiar_ports_alone() -> None:
    chosen = PortChooser(instance=_instance("two"), free=lambda _: True).choose({}, frozenset())
    assert not set(chosen.values()) & set(FIRST_CHOICE.values())
    assert len(set(chosen.values())) == len(FAMILIAR)


def test_remembered_ports_are_kept_even_while_ours_hold_them() -> None:
    remembered = {"localstack": 1001, "postgres": 1002, "simulator": 1003, "portal": 1004, "debugger": 1005}
    chooser = PortChooser(instance=_instance("two"), free=lambda port: port != 1001)
    assert chooser.choose(remembered, frozenset({"localstack"})) == remembered


def test_a_remembered_port_taken_by_another_is_reported() -> None:
    chooser = PortChooser(instance=_instance("two"), free=lambda port: port != 1001)
    with pytest.raises(Problem) as raised:
        chooser.choose({"localstack": 1001}, frozenset())
    assert "1001" in raised.value.sentence
    assert "MTD_LOCALSTACK_PORT=" in raised.value.fix


def test_an_asked_port_wins_over_the_remembered_one() -> None:
    chooser = PortChooser(instance=_instance("two", MTD_POSTGRES_PORT="7000"), free=lambda _: True)
    assert chooser.choose({"postgres": 1002}, frozenset())["postgres"] == 7000


@pytest.mark.parametrize("asked", ["x", "0", "70000", "-1"])
def test_an_asked_port_that_is_none_is_reported(asked: str) -> None:
    chooser = PortChooser(instance=_instance("two", MTD_POSTGRES_PORT=asked), free=lambda _: True)
    with pytest.raises(Problem, match="must be a port"):
        chooser.choose({}, frozenset())


@pytest.mark.parametrize("address", [HOST, "0.0.0.0"])
def test_a_listening_port_is_taken_and_its_owner_named(address: str) -> None:
    with socket.socket() as listener:
        listener.bind((address, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not can_bind(port)
        assert "process" in owner(port)
    assert can_bind(port)
