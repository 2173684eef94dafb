"""Replaces CloudFormation providers of LocalStack that ignore properties, or create nothing."""

from typing import Any

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest
from localstack.services.ec2.resource_providers import aws_ec2_securitygroup
from localstack.services.ecr.resource_providers import aws_ecr_repository
from localstack.services.logs.resource_providers import aws_logs_loggroup
from localstack.services.ses.resource_providers import aws_ses_emailidentity

from mtd_localstack.cloudformation.container_resources import RepositoryProvider
from mtd_localstack.cloudformation.mail_and_monitoring_resources import EmailIdentityProvider, Model, done


class LogGroupProvider(aws_logs_loggroup.LogsLogGroupProvider):
    """AWS::Logs::LogGroup with its retention."""

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create the group; the retention is stored, and nothing expires. An existing group is an error."""
        model = request.desired_state
        client = request.aws_client_factory.logs
        name = model.setdefault("LogGroupName", f"{request.stack_name}-{request.logical_resource_id}")
        client.create_log_group(logGroupName=name)
        if days := model.get("RetentionInDays"):
            client.put_retention_policy(logGroupName=name, retentionInDays=int(days))
        model["Arn"] = f"arn:aws:logs:{request.region_name}:{request.account_id}:log-group:{name}:*"
        return done(request, model)


class SecurityGroupProvider(aws_ec2_securitygroup.EC2SecurityGroupProvider):
    """AWS::EC2::SecurityGroup with its rules."""

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create the group with the template's ingress and egress rules; without egress rules all traffic may leave."""
        wanted = dict(request.desired_state)
        event = super().create(request)
        ec2 = request.aws_client_factory.ec2
        group = event.resource_model["GroupId"]
        if ingress := wanted.get("SecurityGroupIngress"):
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(rule) for rule in ingress])
        if egress := wanted.get("SecurityGroupEgress"):
            everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
            ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[permission(rule) for rule in egress])
        return event


def permission(rule: dict[str, Any]) -> dict[str, Any]:
    """A template's rule as EC2's API takes it."""
    made = {"IpProtocol": str(rule["IpProtocol"]), "FromPort": int(rule["FromPort"]), "ToPort": int(rule["ToPort"])}
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    if "CidrIp" in rule:
        return {**made, "IpRanges": [{"CidrIp": rule["CidrIp"], **described}]}
    other = rule.get("SourceSecurityGroupId") or rule["DestinationSecurityGroupId"]
    return {**made, "UserIdGroupPairs": [{"GroupId": other, **described}]}


def complete_providers() -> None:
    """Replace LocalStack's providers. LocalStack finds a provider by its module, so with two plug-ins of one type
    either could win."""
    aws_logs_loggroup.LogsLogGroupProvider = LogGroupProvider
    aws_ec2_securitygroup.EC2SecurityGroupProvider = SecurityGroupProvider
    aws_ecr_repository.ECRRepositoryProvider = RepositoryProvider
    aws_ses_emailidentity.SESEmailIdentityProvider = EmailIdentityProvider
