"""The plug-in's settings."""

import sys
from pathlib import Path

import pytest
from mtd_localstack.settings import Settings, SettingsError


def test_settings_are_read_from_the_environment() -> None:
    settings = Settings.from_env(
        {
            "MTD_LAMBDA_PYTHON": sys.executable,
            "MTD_LAMBDA_WORK_DIR": "/any/work",
            "MTD_LAMBDA_START": "fresh",
            "MTD_HOT_LAYERS": '{"shared": "/any/src"}',
        }
    )
    assert settings.lambda_python == Path(sys.executable)
    assert settings.work_dir == Path("/any/work")
    assert not settings.fork
    assert settings.hot_layers == {"shared": Path("/any/src")}


def test_there_are_defaults() -> None:
    settings = Settings.from_env({})
    assert settings.fork
    assert settings.hot_layers == {}
    assert settings.work_dir.is_absolute()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MTD_LAMBDA_PYTHON", "/not/there"),
        ("MTD_LAMBDA_START", "slowly"),
        ("MTD_HOT_LAYERS", "no json"),
        ("MTD_HOT_LAYERS", "[1]"),
        ("MTD_HOT_LAYERS", '{"a": 1}'),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: value})
