"""Reads resources back from their services, in the shape of their CloudFormation properties."""

import json
from collections.abc import Callable
from typing import Any

type Json = dict[str, Any]
type Client = Callable[[str], Any]


def _load_balancer(client: Client, arn: str) -> Json:
    [described] = client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    attributes = client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {
        **described,
        "Name": described["LoadBalancerName"],
        "Subnets": [zone["SubnetId"] for zone in described["AvailabilityZones"]],
        "LoadBalancerAttributes": attributes,
    }


def _target_group(client: Client, arn: str) -> Json:
    [described] = client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    attributes = client("elbv2").describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {**described, "Name": described["TargetGroupName"], "TargetGroupAttributes": attributes}


def _instance(client: Client, name: str) -> Json:
    [described] = client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return {
        **described,
        "DBSubnetGroupName": described["DBSubnetGroup"]["DBSubnetGroupName"],
        "VPCSecurityGroups": [group["VpcSecurityGroupId"] for group in described["VpcSecurityGroups"]],
        "DBParameterGroupName": described["DBParameterGroups"][0]["DBParameterGroupName"],
        "ManageMasterUserPassword": "MasterUserSecret" in described,
        "EnableCloudwatchLogsExports": described["EnabledCloudwatchLogsExports"],
        "EnablePerformanceInsights": described.get("PerformanceInsightsEnabled"),
        "Tags": described["TagList"],
    }


def _parameter_group(client: Client, name: str) -> Json:
    [described] = client("rds").describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"]
    parameters = client("rds").describe_db_parameters(DBParameterGroupName=name)["Parameters"]
    return {
        **described,
        "Family": described["DBParameterGroupFamily"],
        "Parameters": {each["ParameterName"]: each["ParameterValue"] for each in parameters},
    }


def _subnet_group(client: Client, name: str) -> Json:
    [described] = client("rds").describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    return {**described, "SubnetIds": [subnet["SubnetIdentifier"] for subnet in described["Subnets"]]}


def _bucket(client: Client, name: str) -> Json:
    s3 = client("s3")
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "BucketName": name,
        "PublicAccessBlockConfiguration": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "VersioningConfiguration": s3.get_bucket_versioning(Bucket=name),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": each["ApplyServerSideEncryptionByDefault"]} for each in encryption
            ]
        },
    }


def _queue(client: Client, url: str) -> Json:
    described = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(described.get("RedrivePolicy", "{}"))
    return {**described, "QueueName": url.rpartition("/")[2], "RedrivePolicy": redrive}


def _security_group(client: Client, identifier: str) -> Json:
    [described] = client("ec2").describe_security_groups(GroupIds=[identifier])["SecurityGroups"]
    return {
        "GroupDescription": described["Description"],
        "VpcId": described["VpcId"],
        "SecurityGroupIngress": _rules(described["IpPermissions"]),
        "SecurityGroupEgress": _rules(described["IpPermissionsEgress"]),
    }


def _rules(permissions: list[Json]) -> list[Json]:
    return [
        {
            "IpProtocol": each["IpProtocol"],
            "FromPort": each.get("FromPort"),
            "ToPort": each.get("ToPort"),
            "Description": source.get("Description"),
            **({"CidrIp": source["CidrIp"]} if "CidrIp" in source else {"SourceSecurityGroupId": source["GroupId"]}),
        }
        for each in permissions
        for source in [*each["IpRanges"], *each["UserIdGroupPairs"]]
    ]


def _vpc(client: Client, identifier: str) -> Json:
    ec2 = client("ec2")
    described = ec2.describe_vpcs(VpcIds=[identifier])["Vpcs"][0]
    for name in ("EnableDnsHostnames", "EnableDnsSupport"):
        attribute = name[0].lower() + name[1:]
        described[name] = ec2.describe_vpc_attribute(VpcId=identifier, Attribute=attribute)[name]["Value"]
    return dict(described)


def _endpoint(client: Client, identifier: str) -> Json:
    described = client("ec2").describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"][0]
    return {**described, "SecurityGroupIds": [group["GroupId"] for group in described.get("Groups", [])]}


def _nat(client: Client, identifier: str) -> Json:
    described = client("ec2").describe_nat_gateways(NatGatewayIds=[identifier])["NatGateways"][0]
    return {**described, "AllocationId": described["NatGatewayAddresses"][0]["AllocationId"]}


def _cluster(client: Client, name: str) -> Json:
    described = client("ecs").describe_clusters(clusters=[name], include=["SETTINGS"])["clusters"][0]
    return {**described, "ClusterSettings": described.get("settings", [])}


def _one(service: str, operation: str, argument: str, *path: str | int, listed: bool = False) -> Any:
    def read(client: Client, identifier: str) -> Json:
        described = getattr(client(service), operation)(**{argument: [identifier] if listed else identifier})
        for step in path:
            described = described[step]
        found: Json = described
        return found

    return read


def _log_group(client: Client, name: str) -> Json:
    described = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    [group] = [group for group in described if group["logGroupName"] == name]
    return dict(group)


def _service(client: Client, arn: str) -> Json:
    described = client("ecs").describe_services(cluster=arn.split("/")[1], services=[arn])["services"][0]
    return {**described, "Cluster": described["clusterArn"].rpartition("/")[2]}


def _target(client: Client, identifier: str) -> Json:
    resource, _, namespace = identifier.split("|")
    described = client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace=namespace, ResourceIds=[resource]
    )
    return dict(described["ScalableTargets"][0])


def _repository(client: Client, name: str) -> Json:
    described = client("ecr").describe_repositories(repositoryNames=[name])["repositories"][0]
    policy = client("ecr").get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    return {**described, "LifecyclePolicy": {"LifecyclePolicyText": policy}}


def _plan(client: Client, identifier: str) -> Json:
    described = client("backup").get_backup_plan(BackupPlanId=identifier)["BackupPlan"]
    rules = [{**rule, "TargetBackupVault": rule["TargetBackupVaultName"]} for rule in described["Rules"]]
    return {"BackupPlan": {**described, "BackupPlanRule": rules}}


def _vault(client: Client, name: str) -> Json:
    described = client("backup").list_backup_vaults()["BackupVaultList"]
    return dict(next(vault for vault in described if vault["BackupVaultName"] == name))


def _budget(client: Client, name: str) -> Json:
    account = client("sts").get_caller_identity()["Account"]
    budget = client("budgets").describe_budget(AccountId=account, BudgetName=name)["Budget"]
    notifications = client("budgets").describe_notifications_for_budget(AccountId=account, BudgetName=name)
    described = [{"Notification": each} for each in notifications["Notifications"]]
    return {"Budget": budget, "NotificationsWithSubscribers": described}


def _address(client: Client, address: str) -> Json:
    return dict(client("ec2").describe_addresses(PublicIps=[address])["Addresses"][0])


def _destination(client: Client, identifier: str) -> Json:
    name = identifier.partition("|")[0]
    described = client("ses").describe_configuration_set(
        ConfigurationSetName=name, ConfigurationSetAttributeNames=["eventDestinations"]
    )
    return {"ConfigurationSetName": name, "EventDestination": described["EventDestinations"][0]}


def _key(client: Client, identifier: str) -> Json:
    described = client("kms").describe_key(KeyId=identifier)["KeyMetadata"]
    rotated = client("kms").get_key_rotation_status(KeyId=identifier)["KeyRotationEnabled"]
    policy = json.loads(client("kms").get_key_policy(KeyId=identifier, PolicyName="default")["Policy"])
    return {**described, "EnableKeyRotation": rotated, "KeyPolicy": policy}


def _function(client: Client, name: str) -> Json:
    described = client("lambda").get_function_configuration(FunctionName=name)
    return {**described, "Layers": [layer["Arn"] for layer in described["Layers"]]}


READERS: dict[str, Callable[[Client, str], Json]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": _target,
    "AWS::Backup::BackupPlan": _plan,
    "AWS::Backup::BackupVault": _vault,
    "AWS::Budgets::Budget": _budget,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::FlowLog": _one("ec2", "describe_flow_logs", "FlowLogIds", "FlowLogs", 0, listed=True),
    "AWS::EC2::NatGateway": _nat,
    "AWS::EC2::SecurityGroup": _security_group,
    "AWS::EC2::Subnet": _one("ec2", "describe_subnets", "SubnetIds", "Subnets", 0, listed=True),
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ECR::Repository": _repository,
    "AWS::ECS::Cluster": _cluster,
    "AWS::ECS::Service": _service,
    "AWS::ECS::TaskDefinition": _one("ecs", "describe_task_definition", "taskDefinition", "taskDefinition"),
    "AWS::ElasticLoadBalancingV2::Listener": _one(
        "elbv2", "describe_listeners", "ListenerArns", "Listeners", 0, listed=True
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::RDS::DBInstance": _instance,
    "AWS::RDS::DBParameterGroup": _parameter_group,
    "AWS::RDS::DBSubnetGroup": _subnet_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::SES::ConfigurationSetEventDestination": _destination,
    "AWS::SQS::Queue": _queue,
    "AWS::CloudWatch::Alarm": _one("cloudwatch", "describe_alarms", "AlarmNames", "MetricAlarms", 0, listed=True),
}
