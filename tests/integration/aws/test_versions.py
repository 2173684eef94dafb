"""SAM makes a new version of every function with each release, and none without one.

SAM itself is asked, as the emulator has it: CloudFormation's macro runs the same code."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from delivery.packaging import layer
from delivery.packaging.packaging import PackagingPlan, package
from devenv.instance import PROJECT
from tests.integration.executor.bare_localstack import interpreter

SHIFT = {"CodeDeploy": "true", "TrafficShift": "Canary10Percent5Minutes"}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("aws")]

_TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform
asked = json.load(sys.stdin)
class Policies:
    def load(self): return {}
made = transform(asked["template"], asked["parameters"], Policies())
print(json.dumps(made["Resources"]))
"""

FUNCTIONS = sorted(path.parent.name for path in (PROJECT / "src" / "lambdas").glob("*/handler.py"))


def _versions(folder: Path, release: str) -> set[str]:
    """Logical ids of the versions that SAM makes with this release."""
    return {name for name, each in _resources(folder, release) if each["Type"] == "AWS::Lambda::Version"}


def _resources(folder: Path, release: str) -> list[tuple[str, dict[str, Any]]]:
    """Both stacks of functions, as SAM transforms them."""
    archive = folder / "layer.zip"
    archive.write_bytes(b"PK\5\6" + bytes(18))
    empty = layer.Layer(zip=archive, content="empty", third_party="empty")
    plan = PackagingPlan(
        bucket="b", url=lambda key: f"https://s3/b/{key}", build_folder=folder, layer=lambda _: empty, hot=False
    )
    made: list[tuple[str, dict[str, Any]]] = []
    for name in ("functions.yaml", "operation_functions.yaml"):
        template = json.loads(package(PROJECT / "cloudformation" / "stacks" / name, plan).body)
        parameters = dict.fromkeys(template["Parameters"], "1")
        asked = {"template": template, "parameters": parameters | {"Release": release} | SHIFT}
        ended = subprocess.run(
            [interpreter("MTD_EMULATOR_PYTHON", "emulator"), "-c", _TRANSFORM],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
            env={"AWS_DEFAULT_REGION": "us-west-2"},
        )
        made += json.loads(ended.stdout).items()
    return made


def test_a_release_makes_a_version_of_each_function_and_none_is_made_without(tmp_path: Path) -> None:
    first, same, other = (_versions(tmp_path, release) for release in ("a" * 40, "a" * 40, "b" * 40))
    assert len(first) == len(other) == len(FUNCTIONS)
    assert len(first - same) == 0
    assert len(other - first) == len(FUNCTIONS)


def test_traffic_moves_as_the_parameter_says_and_by_a_role_within_the_boundary(tmp_path: Path) -> None:
    made = _resources(tmp_path, "a" * 40)
    groups = [each["Properties"] for _, each in made if each["Type"] == "AWS::CodeDeploy::DeploymentGroup"]
    assert len(groups) == len(FUNCTIONS)
    assert {json.dumps(each["DeploymentConfigName"]) for each in groups} == {
        json.dumps({"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": SHIFT["TrafficShift"]}]})
    }
    roles = [(name, each["Properties"]) for name, each in made if each["Type"] == "AWS::IAM::Role"]
    assert len(roles) == len(FUNCTIONS) + 1  # CodeDeploy's is our own
    assert [name for name, each in roles if "PermissionsBoundary" not in each] == []
