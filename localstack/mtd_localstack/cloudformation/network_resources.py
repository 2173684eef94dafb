"""Resource types of EC2 that community LocalStack mocks silently."""

from typing import Any

from mtd_localstack.cloudformation.api_calls import call
from mtd_localstack.cloudformation.mail_and_monitoring_resources import Model, PutProvider, plugin, schema


class EipProvider(PutProvider):
    """AWS::EC2::EIP."""

    TYPE = "AWS::EC2::EIP"
    SCHEMA = schema(TYPE, "PublicIp", "AllocationId", "Domain", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Allocate the address."""
        if "AllocationId" not in model:
            address = call(clients.ec2, "allocate_address", model)
            model |= {"PublicIp": address["PublicIp"], "AllocationId": address["AllocationId"]}

    def remove(self, clients: Any, model: Model) -> None:
        """Give it back."""
        clients.ec2.release_address(AllocationId=model["AllocationId"])


class FlowLogProvider(PutProvider):
    """AWS::EC2::FlowLog."""

    TYPE = "AWS::EC2::FlowLog"
    SCHEMA = schema(TYPE, "Id", "ResourceId", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create it for its one resource; nothing flows here, so nothing is logged."""
        if "Id" not in model:
            wanted = {**model, "ResourceIds": [model["ResourceId"]]}
            created = call(clients.ec2, "create_flow_logs", wanted, elsewhere=("ResourceId",))
            if created.get("Unsuccessful"):
                raise ValueError(created["Unsuccessful"][0]["Error"]["Message"])
            model["Id"] = created["FlowLogIds"][0]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete it."""
        clients.ec2.delete_flow_logs(FlowLogIds=[model["Id"]])


EipPlugin = plugin(EipProvider)
FlowLogPlugin = plugin(FlowLogProvider)
