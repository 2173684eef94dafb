"""Services that community LocalStack does not have, served by the moto that it brings along, inside LocalStack's own
process: a provider of ours creates what a template says, and any client sees it there.

They are loaded by their first request, so a stack without them costs nothing.
"""

from typing import Any

from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from localstack.services.plugins import Service, aws_provider


def served_by_moto(name: str) -> Any:
    """The plug-in of one service: every operation that AWS's description of it has."""

    def service() -> Service:
        if name == "rds":
            _name_keys_as_given()
        description = load_service(name)

        def forward(context: Any, _request: Any) -> Any:
            return call_moto(context)

        return Service(name, skeleton=Skeleton(description, dict.fromkeys(description.operation_names, forward)))

    return aws_provider(api=name)(service)


def _name_keys_as_given() -> None:
    """Make moto accept a key of LocalStack for the administrator's secret, which moto would look up among its own
    keys."""
    from moto.rds.models import MasterUserSecret

    MasterUserSecret.kms_key_id = property(lambda secret: secret.secret.kms_key_id)


rds = served_by_moto("rds")
ecs = served_by_moto("ecs")
ecr = served_by_moto("ecr")
elbv2 = served_by_moto("elbv2")
backup = served_by_moto("backup")
budgets = served_by_moto("budgets")
scaling = served_by_moto("application-autoscaling")
