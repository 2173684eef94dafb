"""The whole template as staging and production have it: deployed, nothing only pretended, and as the template says."""

from collections import Counter, defaultdict

import pytest

from delivery.deployment.stack import UNKNOWN_ALLOWED
from tests.integration.aws.deployed import Deployed
from tests.integration.aws.read_back import READERS
from tests.integration.aws.template_values import Known, differences
from tests.integration.executor.bare_localstack import REGION

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("aws")]

ACCOUNT = "000000000000"
PSEUDO = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
# Properties that the emulator's services do not return, or change, each with its reason.
NOT_TOLD = {
    "AWS::Backup::BackupVault LockConfiguration": "vaults have no lock here",
    "AWS::Budgets::Budget NotificationsWithSubscribers": "subscribers are kept nowhere",
    "AWS::EC2::FlowLog ResourceType": "the API does not tell it",
    "AWS::EC2::VPC EnableDnsHostnames": "the emulator's CloudFormation leaves it out",
    "AWS::ECS::Service DeploymentConfiguration": "kept for external deployments alone",
    "AWS::ECS::Service HealthCheckGracePeriodSeconds": "not kept, no task runs",
    "AWS::KMS::Key PendingWindowInDays": "of a deletion that has not been asked for",
    "AWS::Lambda::Function Code": "the zip is fetched and unpacked",
    "AWS::Lambda::Function ReservedConcurrentExecutions": "not limited here; a unit test reckons",
    "AWS::Lambda::Function Tags": "SAM's own",
    "AWS::Logs::LogGroup KmsKeyId": "nothing is encrypted here",
    "AWS::RDS::DBInstance EnablePerformanceInsights": "no server runs",
    "AWS::RDS::DBInstance MonitoringInterval": "no server runs",
    "AWS::RDS::DBInstance MonitoringRoleArn": "no server runs",
    "AWS::RDS::DBInstance PerformanceInsightsKMSKeyId": "no server runs",
    "AWS::RDS::DBInstance PerformanceInsightsRetentionPeriod": "no server runs",
    "AWS::S3::Bucket LifecycleConfiguration": "the emulator's CloudFormation leaves it out",
    "AWS::S3::Bucket LoggingConfiguration": "the emulator's CloudFormation leaves it out",
    "AWS::S3::Bucket NotificationConfiguration": "the API tells it in other words; the order's way needs it",
    "AWS::S3::Bucket OwnershipControls": "the emulator's CloudFormation leaves it out",
}


def test_every_resource_of_every_stack_stands(deployed: Deployed) -> None:
    resources = list(deployed.named_resources())
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for stack, resource in resources:
        kinds[stack][resource.kind] += 1
    for stack, counted in sorted(kinds.items()):
        print(f"{stack}: " + ", ".join(f"{kind} {count}" for kind, count in sorted(counted.items())))

    pretended = {resource.kind for _, resource in resources if resource.physical_id in {"", "unknown"}}
    assert pretended <= set(UNKNOWN_ALLOWED)
    expected = {
        (template.name, logical_id) for template in deployed.templates() for logical_id, _ in template.resources()
    }
    deployed_resources = {(stack, resource.logical_id) for stack, resource in resources}
    assert expected - deployed_resources == set()


def test_the_stack_is_protected_from_its_deletion(deployed: Deployed) -> None:
    deployed.stack.protect()

    [stack] = deployed.client("cloudformation").describe_stacks(StackName=deployed.stack.name)["Stacks"]
    assert stack["EnableTerminationProtection"] is True


def test_the_deployed_resources_are_as_their_templates_say(deployed: Deployed) -> None:
    wrong: list[str] = []
    unused = set(NOT_TOLD)
    compared: Counter[str] = Counter()
    for template in deployed.templates():
        known = Known(
            names={**PSEUDO, "AWS::StackName": template.stack, **template.parameters, **template.physical_ids},
            conditions=template.body.get("Conditions", {}),
            mappings=template.body.get("Mappings", {}),
        )
        for logical_id, resource in template.resources():
            read = READERS.get(resource["Type"])
            if read is None:
                continue
            compared[resource["Type"]] += 1
            stands = read(deployed.client, template.physical_ids[logical_id])
            said = known.value(resource.get("Properties", {}))
            for each in differences(said, stands):
                reason = next((untold for untold in NOT_TOLD if f"{resource['Type']} {each}".startswith(untold)), None)
                if reason is None:
                    wrong.append(f"{resource['Type']} {logical_id} {each}")
                else:
                    unused.discard(reason)
    print(", ".join(f"{kind} {count}" for kind, count in sorted(compared.items())))
    assert not wrong, "\n".join(wrong)
    assert not unused, "the emulator returns these properties now: take them off the list"
