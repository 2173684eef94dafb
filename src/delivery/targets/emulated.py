"""What LocalStack's CloudFormation leaves out: it looks into no nested stack for a change set, and updates badly."""

import json
from collections.abc import Iterator
from typing import Any

from delivery.deployment.changes import Change, changes_in
from delivery.deployment.stack import Stack
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
        yield from (change for change, _ in changes_in(parent.logical_id, stack.change_set(name)))
    finally:
        stack.discard(name)


def _stand_in(declared: dict[str, Any]) -> str:
    """A value for a parameter that the standing stack does not know; nothing is made of it."""
    return str(declared.get("Default", 0 if declared.get("Type") == "Number" else "none"))


def only_code(changes: list[Change]) -> bool:
    """Whether functions' code is all that a change set changes; versions of it come and go."""
    return all(change.kind in _CODE if change.action == "Modify" else change.kind in _VERSIONS for change in changes)
