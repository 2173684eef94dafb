"""The parameters of the root template, from the environment's file and from values known at run time."""

import json
from pathlib import Path

from delivery.packaging.template import load
from devenv.problem import Problem


def defaults(project: Path) -> dict[str, str]:
    """The default values in the root template."""
    declared = load(project / "cloudformation" / "template.yaml").get("Parameters", {})
    return {name: str(item["Default"]) for name, item in declared.items() if "Default" in item}


def parameters_file(project: Path, name: str) -> dict[str, str]:
    """The parameters in cloudformation/environments/<name>.json. Raises Problem for an invalid file."""
    path = _path(project, name)
    try:
        return {item["ParameterKey"]: str(item["ParameterValue"]) for item in json.loads(path.read_text("utf-8"))}
    except FileNotFoundError as error:
        raise Problem(f"{path} does not exist.", fix="Write it: a list of ParameterKey and ParameterValue.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"{path} must be a list of ParameterKey and ParameterValue.", fix="Correct the file.") from error


def collect(project: Path, name: str, at_run_time: dict[str, str]) -> dict[str, str]:
    """Values of the declared parameters. Raises Problem for a broken file or a parameter without any value."""
    declared = load(project / "cloudformation" / "template.yaml").get("Parameters", {})
    file = parameters_file(project, name)
    path = _path(project, name)
    strange = sorted(set(file) - set(declared))
    if strange:
        raise Problem(f"{path} sets {', '.join(strange)}, which template.yaml does not declare.", fix="Correct either.")
    values = file | {name: value for name, value in at_run_time.items() if name in declared}
    missing = [name for name, item in declared.items() if name not in values and "Default" not in item]
    if missing:
        raise Problem(f"No value is set for {', '.join(missing)} of template.yaml.", fix=f"Add it to {path}.")
    return values


def _path(project: Path, name: str) -> Path:
    return project / "cloudformation" / "environments" / f"{name}.json"
