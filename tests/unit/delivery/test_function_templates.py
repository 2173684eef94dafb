"""The functions' templates, by the rules of SAM and of Lambda that the emulator does not keep."""

from collections.abc import Iterator
from typing import Any

from delivery.packaging.template import load
from devenv.instance import PROJECT

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
    assert len(found) == 27
    assert [name for name, each in found.items() if each.get("AutoPublishCodeSha256") != {"Ref": "Release"}] == []


def test_both_stacks_get_the_release_as_it_is_known_before_anything_is_made() -> None:
    """What a nested stack is given of another's outputs is not known when its change set is made."""
    resources = load(PROJECT / "cloudformation" / "template.yaml")["Resources"]
    for name in ("Functions", "OperationFunctions"):
        assert resources[name]["Properties"]["Parameters"]["Release"] == {"Ref": "Release"}
