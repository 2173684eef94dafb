"""Parameters that a deployment sets while it creates resources and resets afterwards: docs/adr/0031."""

from collections.abc import Iterable, Mapping

from delivery.deployment.stack import Resource

PORTAL = "Portal"


def while_making(
    settled: Mapping[str, str], resources: Iterable[Resource], *, root: str, new: bool, despite_alarms: bool
) -> dict[str, str]:
    """The parameters for the first of two change sets, `settled` those for the second; the same ones where a single
    change set will do. `resources` are the stack's and `root` is its name."""
    making = dict(settled)
    stands = {item.logical_id for item in resources if item.stack == root and item.status != "DELETE_COMPLETE"}
    if new and "FirstDeployment" in settled:
        making["FirstDeployment"] = "true"
    if PORTAL not in stands and settled.get("PortalDigest", "none") != "none" and "FirstPortal" in settled:
        making["FirstPortal"] = "true"
    if despite_alarms:
        # CodeDeploy watches the same alarms and would stop at once: "One or more alarms have been activated …". Without
        # it CloudFormation moves each alias itself, all traffic at once, as AllAtOnce does.
        making["CodeDeploy"] = "false"
    return making
