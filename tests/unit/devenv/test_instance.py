"""Names and places of instances."""

from pathlib import Path

import pytest

from devenv.instance import Instance
from devenv.problem import Problem


def test_the_default_instance_is_dev(tmp_path: Path) -> None:
    instance = Instance.from_env({}, tmp_path)
    assert (instance.name, instance.folder) == ("dev", tmp_path / ".mtd" / "dev")


@pytest.mark.parametrize("name", ["../up", "A", "a b", "venvs", "build", "x" * 41, "-x"])
def test_a_name_that_is_no_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Problem) as raised:
        Instance.from_env({"MTD_INSTANCE": name}, tmp_path)
    assert name in raised.value.sentence
    assert raised.value.fix


def test_mtd_home_moves_every_folder(tmp_path: Path) -> None:
    instance = Instance.from_env({"MTD_HOME": str(tmp_path / "elsewhere"), "MTD_INSTANCE": "b"}, tmp_path)
    assert instance.folder == tmp_path / "elsewhere" / "b"
    assert instance.venvs == tmp_path / "elsewhere" / "venvs"


def test_a_command_in_a_message_names_the_instance(instance: Instance) -> None:
    assert instance.command("make up") == "MTD_INSTANCE=one make up"
