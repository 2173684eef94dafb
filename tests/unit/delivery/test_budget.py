"""The connections of an environment's functions and portal fit into the limit of its PostgreSQL."""

from collections.abc import Mapping
from typing import Any

import pytest

from delivery.packaging.loops import written_out
from delivery.packaging.parameters import defaults, parameters_file
from delivery.packaging.template import load
from devenv.instance import PROJECT

# docs/adr/0010-a-budget-of-connections.md
PORTAL_POOL = 12
PEOPLE_AND_RDS = 20
VERSIONS = 2
STACKS = PROJECT / "cloudformation" / "stacks"
FUNCTION_STACKS = ("functions.yaml", "operation_functions.yaml")
# A new account's limit of environments, less those that AWS keeps for functions without a limit of their own.
ACCOUNT_ENVIRONMENTS = 900


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_all_connections_together_fit(environment: str) -> None:
    values = {name: int(value) for name, value in _values(environment).items() if value.isdigit()}
    environments = 0
    for stack in FUNCTION_STACKS:
        template = written_out(load(STACKS / stack))
        usual = template["Globals"]["Function"]["ReservedConcurrentExecutions"]
        for each in template["Resources"].values():
            if each["Type"] == "AWS::Serverless::Function":
                bound = each["Properties"].get("ReservedConcurrentExecutions", usual)["Fn::If"]
                assert bound[0] == "IsBounded"
                environments += _number(bound[1], values)

    # Right after a deployment two versions have environments, and ECS runs as many tasks again (MaximumPercent 200).
    connections = VERSIONS * (environments + values["PortalTasksAtMost"] * PORTAL_POOL) + PEOPLE_AND_RDS
    assert environments <= ACCOUNT_ENVIRONMENTS
    # The alarm goes off at 80 %: reaching the budget must not be what sets it off every day.
    assert connections <= values["DatabaseConnections"]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_no_queue_reads_faster_than_its_function_may_run(environment: str) -> None:
    """A throttled receive counts as a receive: ten of them, and a good order would rest among the failures."""
    values = {name: int(value) for name, value in _values(environment).items() if value.isdigit()}
    for stack in FUNCTION_STACKS:
        template = load(STACKS / stack)
        usual = template["Globals"]["Function"]["ReservedConcurrentExecutions"]
        for name, resource in template["Resources"].items():
            properties = resource.get("Properties", {}) if isinstance(resource, dict) else {}
            reads = [
                _number(scaling.get("MaximumConcurrency") or scaling["Fn::If"][1]["MaximumConcurrency"], values)
                for event in properties.get("Events", {}).values()
                if event["Type"] == "SQS"
                for scaling in [event["Properties"]["ScalingConfig"]]
            ]
            runs = _number(properties.get("ReservedConcurrentExecutions", usual)["Fn::If"][1], values)
            assert sum(reads) <= runs, name


def _number(value: Any, values: Mapping[str, int]) -> int:
    """A number of a template, or the value of the parameter that it refers to."""
    return values[value["Ref"]] if isinstance(value, dict) else int(value)


@pytest.mark.parametrize("environment", ["local", "ci"])
def test_local_backends_have_no_platform(environment: str) -> None:
    assert _values(environment)["Platform"] == "false"


def _values(environment: str) -> dict[str, str]:
    return defaults(PROJECT) | parameters_file(PROJECT, environment)
