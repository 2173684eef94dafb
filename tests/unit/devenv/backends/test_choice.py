"""The backend of an instance, and the reason for the choice."""

import os
from collections.abc import Mapping

import pytest

from devenv.backends.choice import choose
from devenv.instance import Instance
from devenv.problem import Problem
from devenv.processes.identity import ProcessIdentity
from devenv.state import StateFile


def _answers(_: Mapping[str, str]) -> str:
    return ""


def _away(_: Mapping[str, str]) -> str:
    return "nobody listens"


def test_without_an_engine_the_backend_is_embedded(instance: Instance) -> None:
    chosen = choose("", instance, _away)
    assert chosen.name == "embedded"
    assert "nobody listens" in chosen.reason


def test_with_an_engine_it_is_compose(instance: Instance) -> None:
    chosen = choose("", instance, _answers)
    assert chosen.name == "compose"
    assert "Docker engine" in chosen.reason


@pytest.mark.parametrize("kind", ["embedded", "compose"])
def test_the_backend_that_was_asked_for(kind: str, instance: Instance) -> None:
    chosen = choose(kind, instance, _answers)
    assert (chosen.name, chosen.reason) == (kind, "asked for")


@pytest.mark.parametrize("before", ["embedded", "compose"])
def test_an_instance_keeps_the_backend_of_its_database(before: str, instance: Instance) -> None:
    StateFile(instance).merge(home=before)
    assert choose("", instance, _answers).name == before


def test_a_stopped_instance_may_change_its_backend(instance: Instance) -> None:
    StateFile(instance).merge(home="embedded")
    assert choose("compose", instance, _answers).name == "compose"


def test_a_running_instance_may_not(instance: Instance) -> None:
    ourselves = ProcessIdentity.of(os.getpid())
    assert ourselves is not None
    StateFile(instance).merge(home="embedded", pids={"supervisor": ourselves.as_json()})
    with pytest.raises(Problem, match="runs in the embedded backend") as raised:
        choose("compose", instance, _answers)
    assert raised.value.code == 2


@pytest.mark.parametrize(("asked", "before"), [("compose", None), ("", "compose")])
def test_compose_without_an_engine_is_exit_code_2(asked: str, before: str | None, instance: Instance) -> None:
    StateFile(instance).merge(**({"home": before} if before else {}))
    with pytest.raises(Problem, match="nobody listens") as raised:
        choose(asked, instance, _away)
    assert raised.value.code == 2
    assert "HOME_KIND=embedded" in raised.value.fix


def test_an_unknown_backend_ends_with_code_2(instance: Instance) -> None:
    with pytest.raises(Problem, match="cloud") as raised:
        choose("cloud", instance, _answers)
    assert raised.value.code == 2
