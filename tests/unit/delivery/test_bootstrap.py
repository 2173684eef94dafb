"""The bootstrap of an account before CI deploys into it: its trust, and the permissions of each role."""

import re
from typing import Any

import pytest
from tests.unit.delivery.roles import allowing, bootstrap, documents, listed, size, statements, texts

from delivery.packaging.loops import written_out
from delivery.packaging.template import load
from devenv.instance import PROJECT

STACKS = PROJECT / "cloudformation" / "stacks"
# The resource schemas of AWS::IAM::Role, ManagedPolicy and InstanceProfile, "handlers" (create, read, update, delete),
# as CloudFormation's registry has them; what concerns groups and users is left out, and taking a boundary away.
IAM_HANDLERS = """
AddRoleToInstanceProfile AttachRolePolicy CreateInstanceProfile CreatePolicy CreatePolicyVersion CreateRole
DeleteInstanceProfile DeletePolicy DeletePolicyVersion DeleteRole DeleteRolePolicy DetachRolePolicy GetInstanceProfile
GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies ListEntitiesForPolicy ListPolicyVersions
ListRolePolicies PassRole PutRolePermissionsBoundary PutRolePolicy RemoveRoleFromInstanceProfile TagRole UntagRole
UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription
""".split()
# IAM, "Actions, resources, and condition keys for AWS Identity and Access Management": those of a role that know the
# key iam:PermissionsBoundary and make a role stronger.
BOUNDED = """
AttachRolePolicy CreateRole DeleteRolePolicy DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy
""".split()


@pytest.mark.parametrize(
    ("repository", "taken"),
    [
        # GitHub, "OpenID Connect", "Immutable subject claims": repositories of 2026-07-15 and later.
        ("octocat@123456/my-repo@456789", True),
        ("octocat/my-repo", True),
        ("octocat/*", False),
        ("octocat@*/my-repo@1", False),
        ("octocat/my-repo:ref:refs/heads/main", False),
    ],
)
def test_both_forms_of_githubs_subject_can_be_named_and_no_pattern(repository: str, taken: bool) -> None:
    pattern = load(PROJECT / "cloudformation" / "bootstrap.yaml")["Parameters"]["Repository"]["AllowedPattern"]
    assert (re.fullmatch(pattern, repository) is not None) is taken


def test_cloudformation_may_call_what_the_handlers_of_iams_types_call() -> None:
    assert [name for name in IAM_HANDLERS if not allowing("CloudFormationRole", f"iam:{name}")] == []


def test_cloudformation_makes_no_role_stronger_than_the_boundary() -> None:
    for name in BOUNDED:
        for each in allowing("CloudFormationRole", f"iam:{name}"):
            assert each["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": "Boundary"}}, name
            assert each["Resource"].endswith(":role/mtd-production-*")


@pytest.mark.parametrize(
    "action",
    (
        "iam:DeleteRolePermissionsBoundary iam:CreateUser iam:CreateAccessKey iam:PutUserPolicy "
        "iam:CreateLoginProfile iam:SetDefaultPolicyVersion organizations:LeaveOrganization "
        "sts:AssumeRole s3:GetObjectAcl kms:DisableKey dynamodb:DeleteTable cloudtrail:StopLogging"
    ).split(),
)
def test_cloudformation_is_no_administrator(action: str) -> None:
    assert allowing("CloudFormationRole", action) == []
    attached = bootstrap()["CloudFormationRole"]["Properties"]["ManagedPolicyArns"]
    assert attached == [{"Ref": "NamedResourcesPolicy"}, {"Ref": "UnnamedResourcesPolicy"}]


def test_cloudformation_reads_builds_and_no_order() -> None:
    [build] = allowing("CloudFormationRole", "s3:GetObject")
    assert build["Resource"] == "arn:aws:s3:::mtd-artifacts-production-123456789012/*"


def test_a_template_changes_none_of_the_roles_and_policies_that_it_is_bounded_by() -> None:
    [denied] = statements("CloudFormationRole", "Deny")
    kept = {each.rpartition("/")[2] for each in denied["Resource"]}
    for name in ("cloudformation", "deploy", "review", "boundary", "change-sets", "cloudformation-*"):
        assert f"mtd-production-{name}" in kept
    assert "iam:PassRole" in denied["Action"]
    named = [
        texts(each["Properties"]["ManagedPolicyName"])
        for each in bootstrap().values()
        if each["Type"] == "AWS::IAM::ManagedPolicy"
    ]
    assert all(name in kept or name.startswith("mtd-production-cloudformation-") for name in named)


def test_the_boundary_has_nothing_of_identities() -> None:
    document = texts(bootstrap()["Boundary"]["Properties"]["PolicyDocument"])
    services = {action.partition(":")[0] for each in document["Statement"] for action in listed(each["Action"])}
    assert services.isdisjoint({"iam", "sts", "organizations", "account", "cloudformation", "*"})


def test_every_role_of_the_templates_is_within_the_boundary() -> None:
    """Without it CreateRole is denied; SAM's roles get it from Globals, CodeDeploy's would have none."""
    free = []
    for path in sorted(STACKS.rglob("*.yaml")):
        template = written_out(load(path))
        for name, each in template["Resources"].items():
            kind, properties = each["Type"], each.get("Properties", {})
            if kind in {"AWS::IAM::Role", "AWS::Serverless::StateMachine"} and "PermissionsBoundary" not in properties:
                free.append(f"{path.stem}/{name}")
            if kind == "AWS::Serverless::Function":
                usual = template["Globals"]["Function"]
                assert "PermissionsBoundary" in usual
                assert "Role" in usual["DeploymentPreference"]
    assert free == []


def test_only_the_deploying_role_writes_the_record_and_overwrites_a_build() -> None:
    """A review is approved by nobody, and a rollback executes what the record names."""
    for each in allowing("ReviewRole", "s3:PutObject"):
        # S3, "Enforce conditional writes on Amazon S3 buckets": such a request fails where the key is there already.
        assert each["Condition"] == {"Null": {"s3:if-none-match": "false"}}
        assert all(not resource.endswith("123456789012/*") for resource in each["Resource"])
    assert any(each["Resource"].endswith("/*") for each in allowing("DeployRole", "s3:PutObject"))
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutBucketPolicy"):
        assert allowing("ReviewRole", action) == allowing("DeployRole", action) == []


def test_a_review_executes_nothing_and_reads_no_secret() -> None:
    for action in (
        "cloudformation:ExecuteChangeSet cloudformation:DeleteStack lambda:InvokeFunction "
        "lambda:UpdateAlias secretsmanager:GetSecretValue s3:PutBucketPolicy "
        "iam:PutRolePolicy"
    ).split():
        assert allowing("ReviewRole", action) == [], action


def test_an_image_can_be_pushed() -> None:
    """Amazon ECR, "IAM permissions for pushing an image to an Amazon ECR private repository"."""
    for name in (
        "CompleteLayerUpload UploadLayerPart InitiateLayerUpload BatchCheckLayerAvailability "
        "PutImage BatchGetImage GetAuthorizationToken"
    ).split():
        assert allowing("DeployRole", f"ecr:{name}"), name


def test_policies_are_no_larger_than_iam_takes_them() -> None:
    """IAM quotas: 6,144 characters for a managed policy, 10,240 for all inline policies of a role together."""
    for name, each in bootstrap().items():
        if each["Type"] == "AWS::IAM::ManagedPolicy":
            assert size(texts(each["Properties"]["PolicyDocument"])) <= 6144, name
        if each["Type"] == "AWS::IAM::Role":
            own: list[Any] = [policy["PolicyDocument"] for policy in each["Properties"].get("Policies", [])]
            assert sum(size(texts(document)) for document in own) <= 10240, name
    assert len(list(documents("CloudFormationRole"))) == 3


# Types whose resources CloudFormation's role may touch by name alone, with the property that names them.
NAMED = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::LayerVersion": "LayerName",
    "AWS::Serverless::StateMachine": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::Backup::BackupVault": "BackupVaultName",
    "AWS::SES::ConfigurationSet": "Name",
}


def test_what_is_allowed_by_name_has_such_a_name() -> None:
    [by_name] = [each for each in statements("CloudFormationRole") if each.get("Sid") == "ByName"]
    assert by_name["Resource"][0] == "arn:aws:*:us-west-2:123456789012:*mtd-production*"
    strange = []
    for path in sorted(STACKS.rglob("*.yaml")):
        for logical_id, each in written_out(load(path))["Resources"].items():
            if each["Type"] in NAMED:
                name = each["Properties"].get(NAMED[each["Type"]], {}).get("Fn::Sub", "")
                if "mtd-${Environment}" not in (name[0] if isinstance(name, list) else name):
                    strange.append(f"{path.stem}/{logical_id}")
    assert strange == []


def test_every_bucket_of_the_stack_is_one_that_the_role_may_make() -> None:
    [making] = allowing("CloudFormationRole", "s3:CreateBucket")
    for path in sorted(STACKS.rglob("*.yaml")):
        for logical_id, each in written_out(load(path))["Resources"].items():
            if each["Type"] == "AWS::S3::Bucket":
                assert f"arn:aws:s3:::{texts(each['Properties']['BucketName'])}" in making["Resource"], logical_id
