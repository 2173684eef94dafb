"""The functions' templates, by the rules of SAM and of Lambda that the emulator does not keep."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from delivery.packaging.parameters import defaults, parameters_file
from delivery.packaging.template import load
from devenv.instance import PROJECT
from mtd.adapters.aws.functions_api import FunctionsApi

STACKS = PROJECT / "cloudformation" / "stacks"


def functions() -> Iterator[tuple[str, dict[str, Any]]]:
    """The logical id and the properties of each function."""
    for name in ("functions.yaml", "operation_functions.yaml"):
        for logical_id, resource in load(STACKS / name)["Resources"].items():
            if isinstance(resource, dict) and resource.get("Type") == "AWS::Serverless::Function":
                yield logical_id, resource["Properties"]


def test_every_function_gets_a_version_with_each_release() -> None:
    """SAM names a version by the code's place alone, not by its layers (aws/serverless-application-model issues 3610
    and 3820): AutoPublishCodeSha256 names it, and lies in the function's description, so that Lambda publishes it."""
    found = dict(functions())
    assert len(found) == 28
    assert [name for name, each in found.items() if each.get("AutoPublishCodeSha256") != {"Ref": "Release"}] == []


def test_both_stacks_get_the_release_as_it_is_known_before_anything_is_made() -> None:
    """Outputs of another nested stack are not known when a stack's change set is made."""
    resources = load(PROJECT / "cloudformation" / "template.yaml")["Resources"]
    for name in ("Functions", "OperationFunctions"):
        assert resources[name]["Properties"]["Parameters"]["Release"] == {"Ref": "Release"}


# API Gateway, "Quotas for configuring and running a REST API": the integration time-out of a regional or private API.
API_SECONDS = 29
# Lambda, "Using Lambda with Amazon SQS": the queue's visibility time-out is at least six times the function's.
TIMES = 6


def test_who_calls_the_api_waits_longer_than_the_api_does() -> None:
    callers = {name: each for name, each in functions() if "execute-api:Invoke" in json.dumps(each.get("Policies"))}
    assert set(callers) == {"ReadQueueFunction", "RouteOrderFunction"}
    assert all(each["Timeout"] == {"Ref": "CallerTimeoutSeconds"} for each in callers.values())
    assert FunctionsApi("https://api", "us-west-2")._timeout_seconds > API_SECONDS
    for environment in ("staging", "production"):
        assert _value(environment, "CallerTimeoutSeconds") > FunctionsApi("https://api", "us-west-2")._timeout_seconds


@pytest.mark.parametrize(("environment", "times"), [("staging", TIMES), ("production", TIMES), ("local", 1), ("ci", 1)])
def test_a_message_is_not_shown_again_while_it_is_worked_on(environment: str, times: int) -> None:
    """Lambda refuses a mapping whose queue shows a message again before the function's time-out."""
    usual = load(STACKS / "functions.yaml")["Globals"]["Function"]["Timeout"]
    readers = [
        each for _, each in functions() if any(event["Type"] == "SQS" for event in each.get("Events", {}).values())
    ]
    assert len(readers) == 6
    for each in readers:
        timeout_setting = each.get("Timeout", usual)
        timeout = _value(environment, timeout_setting["Ref"]) if isinstance(timeout_setting, dict) else timeout_setting
        assert _value(environment, "VisibilitySeconds") >= times * timeout, each["FunctionName"]


def _value(environment: str, name: str) -> int:
    return int((defaults(PROJECT) | parameters_file(PROJECT, environment))[name])
