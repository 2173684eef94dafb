import pytest

from delivery.iam.calls import Need, needs
from delivery.iam.parity import ArguedGrant, arguments, compare
from delivery.iam.policies import Grant
from devenv.instance import PROJECT
from devenv.problem import Problem

INBOX = "arn:aws:s3:::inbox"


def recorded(operation: str, **about: str) -> dict[str, object]:
    return {"role": "r", "operation": operation, "about": about, "count": 1}


@pytest.mark.parametrize(
    ("call", "needed"),
    [
        (recorded("s3.GetObject", Bucket="inbox", Key="orders/*"), {("s3:GetObject", f"{INBOX}/orders/*")}),
        (
            recorded("s3.GetObject", Bucket="inbox", Key="orders/*", VersionId="*"),
            {("s3:GetObjectVersion", f"{INBOX}/orders/*")},
        ),
        (
            recorded("s3.DeleteObject", Bucket="inbox", Key="orders/*", VersionId="*"),
            {("s3:DeleteObjectVersion", f"{INBOX}/orders/*")},
        ),
        (recorded("s3.ListObjectVersions", Bucket="inbox"), {("s3:ListBucketVersions", INBOX)}),
        (
            recorded("s3.CopyObject", Bucket="inbox", Key="rejected/*", CopySource="inbox/orders/*?versionId=*"),
            {("s3:GetObjectVersion", f"{INBOX}/orders/*"), ("s3:PutObject", f"{INBOX}/rejected/*")},
        ),
        (
            recorded("sqs.SendMessageBatch", QueueUrl="http://x/000000000000/orders"),
            {("sqs:SendMessage", "arn:aws:sqs:us-west-2:000000000000:orders")},
        ),
        (
            recorded("secretsmanager.GetSecretValue", SecretId="mtd/local/systems/fraud"),
            {
                (
                    "secretsmanager:GetSecretValue",
                    "arn:aws:secretsmanager:us-west-2:000000000000:secret:mtd/local/systems/fraud-AbCdEf",
                )
            },
        ),
        (
            recorded("secretsmanager.GetSecretValue", SecretId="arn:aws:secretsmanager:x:0:secret:s-AbCdEf"),
            {("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:x:0:secret:s-AbCdEf")},
        ),
        (
            recorded("sqs.GetQueueUrl", QueueName="checks"),
            {("sqs:GetQueueUrl", "arn:aws:sqs:us-west-2:000000000000:checks")},
        ),
        (
            recorded("lambda.Invoke", FunctionName="mtd-local-system-scores"),
            {("lambda:InvokeFunction", "arn:aws:lambda:us-west-2:000000000000:function:mtd-local-system-scores")},
        ),
        (recorded("stepfunctions.StartExecution", stateMachineArn="m"), {("states:StartExecution", "m")}),
        (
            recorded("execute-api.Invoke", Method="POST", Path="/_aws/execute-api/a1/live/states/dispatch"),
            {("execute-api:Invoke", "arn:aws:execute-api:us-west-2:000000000000:a1/live/POST/states/dispatch")},
        ),
    ],
)
def test_a_call_needs_its_action_on_its_resource(call: dict[str, object], needed: set[tuple[str, str]]) -> None:
    assert {(need.action, need.resource) for need in needs([call])} == needed


def test_a_service_whose_resources_are_unknown_is_reported() -> None:
    with pytest.raises(Problem, match="dynamodb"):
        needs([recorded("dynamodb.GetItem")])


def grant(action: str, resource: str, policy: str = "") -> Grant:
    return Grant(role="r", action=action, resource=resource, policy=policy)


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        (grant("s3:GetObject", f"{INBOX}/*"), True),
        (grant("S3:Get*", f"{INBOX}/large/*"), True),
        (grant("s3:GetObject", f"{INBOX}/rejected/*"), False),
        (grant("s3:GetObject", INBOX), False),
        (grant("s3:GetObject", "arn:aws:s3:::inboxy/*"), False),
        (grant("s3:GetObjectVersion", f"{INBOX}/*"), False),
        (Grant(role="other", action="*", resource="*", policy=""), False),
    ],
)
def test_a_grant_covers_the_needs_that_match_its_patterns(pattern: Grant, covered: bool) -> None:
    assert pattern.covers(Need(role="r", action="s3:GetObject", resource=f"{INBOX}/large/*")) is covered


def test_denied_calls_and_unargued_idle_grants_are_reported() -> None:
    used, idle, logs = grant("sqs:SendMessage", "q"), grant("sqs:DeleteMessage", "q"), grant("logs:Put", "*", "Basic")
    done = Need(role="r", action="sqs:SendMessage", resource="q")
    denied = Need(role="r", action="s3:GetObject", resource="b")
    argued = [ArguedGrant(function="*", action="logs:*", policy="Basic", because="the service's own")]

    [line] = compare([("f", "r")], [done, denied], [used, idle, logs], argued)

    assert (line.denied, line.unused) == ((denied,), (idle,))
    assert line.argued == ((logs, "the service's own"),)


def test_an_argument_for_a_managed_policy_does_not_speak_for_our_own() -> None:
    argument = ArguedGrant(function="f", action="logs:*", policy="Basic", because="")
    assert not argument.speaks_of("f", grant("logs:Put", "*"))


def test_every_argument_of_the_file_has_a_reason() -> None:
    assert all(argument.because for argument in arguments(PROJECT))
