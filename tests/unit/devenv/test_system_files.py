"""Files of connected systems: what the API, the simulator and an environment each get of them."""

from pathlib import Path

import pytest

from devenv.instance import PROJECT
from devenv.problem import Problem
from devenv.systems.system_files import read_systems
from mtd.domain.systems.system import read_system

EXAMPLE = PROJECT / "seed" / "systems" / "fraud" / "systems.yaml"


def test_the_example_is_a_declaration() -> None:
    [found] = read_systems(EXAMPLE, "local")

    assert read_system(found.name, found.declaration).operation("check").answer is not None
    assert found.stub()["recover"] == "/operations/{key}"
    assert found.stub()["examples"]["check"][-1] == {"answer": {"score": 12}}


def test_an_environment_has_words_of_its_own() -> None:
    urls = [read_systems(EXAMPLE, each)[0].declaration["url"] for each in ("staging", "production")]

    assert urls == ["https://fraud.staging.retailer.example/api", "https://fraud.retailer.example/api"]


def test_a_stub_asks_for_no_credentials() -> None:
    [found] = read_systems(EXAMPLE, "local")

    assert (found.declaration["secret"], "secret" in found.at("http://s")) == ("fraud", False)
    assert found.at("http://s")["url"] == "http://s"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no systems"),
        ("systems: []", "has no systems"),
        ("systems: {fraud: https://x}", "has no systems"),
        ("systems: {fraud: {environments: staging}}", "environments of fraud"),
        ("systems: {fraud: {stub: [1]}}", "stub of fraud"),
        ("systems: {", "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "systems.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(Problem, match=told):
        read_systems(path, "local")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="cannot be read"):
        read_systems(tmp_path / "none.yaml", "local")
