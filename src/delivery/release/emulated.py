"""What LocalStack's CloudFormation leaves out: it looks into no nested stack for a change set, and updates badly."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from delivery.deployment.stack import Stack
from delivery.release.builds import PASSING
from delivery.release.changes import Change, told
from devenv.aws import Clients

# New code is a change of these alone: versions and aliases can be moved without CloudFormation.
_CODE = frozenset({"AWS::CloudFormation::Stack", "AWS::Lambda::Function", "AWS::Lambda::Alias"})
_VERSIONS = frozenset({"AWS::Lambda::Version", "AWS::Lambda::LayerVersion"})


def nested_changes(clients: Clients, bucket: str, parent: Change, physical_id: str, root: str) -> Iterator[Change]:
    """The changes within a nested stack that a root's change set modifies, from a change set of its own that is taken
    back at once. `root` is the root template's key."""
    s3 = clients.client("s3")
    body = json.loads(s3.get_object(Bucket=bucket, Key=root)["Body"].read())
    url = str(body["Resources"][parent.logical_id]["Properties"]["TemplateURL"])
    key = url.rpartition(f"/{bucket}/")[2]
    declared = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).get("Parameters", {})
    stack = Stack(clients.client("cloudformation"), physical_id)
    standing = stack.parameters()
    parameters = {name: standing.get(name, _stand_in(item)) for name, item in declared.items()}
    name = stack.propose(url, parameters, kind="UPDATE")
    if name is None:
        return
    try:
        yield from (change for change, _ in told(parent.logical_id, stack.change_set(name)))
    finally:
        stack.discard(name)


def _stand_in(declared: dict[str, Any]) -> str:
    """A value for a parameter that the standing stack does not know; nothing is made of it."""
    return str(declared.get("Default", 0 if declared.get("Type") == "Number" else "none"))


def start_schedules(clients: Clients, stack: Stack) -> None:
    """What the second change set of a first deployment does: the rules that stood still begin."""
    client = clients.client("events")
    for item in stack.resources():
        if item.kind == "AWS::Events::Rule":
            client.enable_rule(Name=item.physical_id.rpartition("/")[2])


def only_code(changes: list[Change], parameters: Mapping[str, str], standing: Mapping[str, str]) -> bool:
    """Whether functions' code is all that a change set changes; versions of it come and go. A parameter may be a
    function's variable as well, which no new code brings."""
    if any(standing.get(name, value) != value for name, value in parameters.items() if name not in PASSING):
        return False
    return all(change.kind in _CODE if change.action == "Modify" else change.kind in _VERSIONS for change in changes)
