"""The changes of a deployment, nested stacks included."""

from delivery.deployment.changes import NESTED, Change, changes_in
from delivery.targets import emulated
from delivery.targets.target import Target


def changes_of(target: Target, change_set: str, root: str) -> list[Change]:
    """Every change of a change set of the target's stack; `root` is its template's key in the artifact bucket."""
    return _changes(target, "", change_set, root)


def _changes(target: Target, stack: str, change_set: str, root: str) -> list[Change]:
    found = []
    for change, words in changes_in(stack, target.stack.change_set(change_set)):
        found.append(change)
        if change.kind != NESTED:
            continue
        if words.get("ChangeSetId"):
            name = f"{stack}/{change.logical_id}".lstrip("/")
            found += _changes(target, name, words["ChangeSetId"], root)
        elif target.emulated and change.action == "Modify":
            physical_id = words["PhysicalResourceId"]
            found += emulated.nested_changes(target.clients, target.bucket, change, physical_id, root)
    return found
