"""The settings of the plug-in, from LocalStack's environment variables."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and the fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The plug-in's settings; see ``from_env`` for their names."""

    lambda_python: Path
    work_dir: Path
    fork: bool = True
    hot_layers: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read MTD_LAMBDA_PYTHON, MTD_LAMBDA_WORK_DIR, MTD_LAMBDA_START and MTD_HOT_LAYERS.

        Raises SettingsError when one of them cannot be used.
        """
        python = Path(env.get("MTD_LAMBDA_PYTHON") or sys.executable)
        if not os.access(python, os.X_OK):
            raise SettingsError(
                f"MTD_LAMBDA_PYTHON={python} is not an executable file: "
                "name the python of an environment with localstack/runtime/requirements.txt installed."
            )
        start = env.get("MTD_LAMBDA_START") or "fork"
        if start not in ("fork", "fresh"):
            raise SettingsError(f"MTD_LAMBDA_START={start}: it must be fork or fresh.")
        work_dir = env.get("MTD_LAMBDA_WORK_DIR") or f"{tempfile.gettempdir()}/mtd-lambda-{os.getpid()}"
        return cls(
            lambda_python=python,
            work_dir=Path(work_dir).absolute(),
            fork=start == "fork",
            hot_layers=_hot_layers(env.get("MTD_HOT_LAYERS") or "{}"),
        )


def _hot_layers(text: str) -> dict[str, Path]:
    try:
        folders = json.loads(text)
        return {name: Path(folder) for name, folder in folders.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingsError(
            f'MTD_HOT_LAYERS={text}: it must be a JSON object, {{"<layer name>": "<folder>"}}.'
        ) from error
