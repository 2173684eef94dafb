"""Figures of the documentation and the targets of services' logs, against the templates."""

import re
from collections import Counter
from typing import Any

from delivery.packaging.loops import written_out
from delivery.packaging.template import load
from devenv.instance import PROJECT

STACKS = PROJECT / "cloudformation" / "stacks"


def _template(name: str) -> dict[str, Any]:
    template: dict[str, Any] = written_out(load(STACKS / f"{name}.yaml"))
    return template


def test_the_cost_page_counts_what_there_is() -> None:
    kinds = Counter(
        each["Type"] for path in STACKS.rglob("*.yaml") for each in written_out(load(path))["Resources"].values()
    )
    page = (PROJECT / "docs" / "cost.md").read_text("utf-8")
    assert re.findall(r"^\| alarms \| (\d+) ", page, re.MULTILINE) == [str(kinds["AWS::CloudWatch::Alarm"])]
    # The administrator's secret is RDS's own.
    secrets = kinds["AWS::SecretsManager::Secret"] + 1
    assert re.findall(r"^\| key, secrets \| 1, (\d+) ", page, re.MULTILINE) == [str(secrets)]


def test_every_bucket_that_keeps_access_logs_may_write_them() -> None:
    """S3, "Enabling Amazon S3 server access logging": the target's policy allows logging.s3.amazonaws.com the
    prefix."""
    prefixes = set()
    for name in ("messaging", "records"):
        for each in _template(name)["Resources"].values():
            if each["Type"] == "AWS::S3::Bucket":
                prefixes.add(each["Properties"]["LoggingConfiguration"]["Fn::If"][1]["LogFilePrefix"])
    policy = _template("platform/storage")["Resources"]["AccessLogsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [writing] = [each for each in policy if each["Sid"] == "S3WritesAccessLogs"]
    allowed = {resource["Fn::Sub"].removeprefix("${AccessLogsBucket.Arn}/") for resource in writing["Resource"]}
    assert allowed == {f"{prefix}*" for prefix in prefixes}


def test_the_load_balancer_may_write_its_logs_as_elastic_load_balancing_documents_it() -> None:
    """ "Enable access logs for your Application Load Balancer", step 2: prefix/AWSLogs/account-id/*, no condition;
    Regions from before August 2022 had the account of Elastic Load Balancing as principal, 797873946194 in
    us-west-2."""
    policy = _template("platform/storage")["Resources"]["AccessLogsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [writing] = [each for each in policy if each["Sid"] == "LoadBalancersWriteAccessLogs"]
    prefixes = {each["Key"]: each["Value"] for each in _load_balancer()}
    path = f"{prefixes['access_logs.s3.prefix']}/AWSLogs/${{AWS::AccountId}}/*"
    assert writing["Resource"]["Fn::Sub"] == f"${{AccessLogsBucket.Arn}}/{path}"
    assert "Condition" not in writing
    assert "797873946194" in str(writing["Principal"])


def _load_balancer() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _template("platform/portal")["Resources"]["LoadBalancer"]["Properties"][
        "LoadBalancerAttributes"
    ]
    return found


def test_backups_keep_an_hour_from_rdss_windows() -> None:
    """A job of AWS Backup within an hour of RDS's backup or maintenance window may not start."""
    properties = _template("platform/database")["Resources"]["Database"]["Properties"]
    windows = [properties["PreferredBackupWindow"], properties["PreferredMaintenanceWindow"]]
    busy = [
        tuple(_minutes(end[-5:]) for end in re.sub(r"\w{3}:(?=\d\d:)", "", window).split("-")) for window in windows
    ]
    rules = _template("platform/operations")["Resources"]["Plan"]["Properties"]["BackupPlan"]["BackupPlanRule"]
    for rule in rules:
        minute, hour = re.findall(r"cron\((\d+) (\d+) ", rule["ScheduleExpression"])[0]
        begins = int(hour) * 60 + int(minute)
        for start, end in busy:
            assert begins + rule["StartWindowMinutes"] + 60 <= start or begins >= end + 60, rule["RuleName"]


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def test_the_portals_container_has_no_capability() -> None:
    """docs/security.md says so; without LinuxParameters' Drop a container has Docker's fourteen."""
    [container] = _template("platform/portal")["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert container["ReadonlyRootFilesystem"] is True


def test_the_portal_lists_queues_where_iam_can_allow_it() -> None:
    """Service Authorization Reference, Amazon SQS: ListQueues has no resource types, so its resource is *."""
    [policy] = _template("platform/portal")["Resources"]["TaskRole"]["Properties"]["Policies"]
    [listing] = [each for each in policy["PolicyDocument"]["Statement"] if "sqs:ListQueues" in each["Action"]]
    assert listing["Resource"] == "*"


def test_the_number_of_tasks_is_the_scalings() -> None:
    """AWS::ECS::Service: with a DesiredCount each deployment puts the scaled number back, and drift tells of it."""
    resources = _template("platform/portal")["Resources"]
    assert "DesiredCount" not in resources["Service"]["Properties"]
    assert resources["Scaling"]["Properties"]["MinCapacity"] == {"Ref": "PortalTasks"}


def test_api_gateway_writes_no_log_that_nobody_keeps() -> None:
    """Execution logs go to API-Gateway-Execution-Logs_<api>/<stage>, a group that API Gateway makes without
    retention."""
    api = _template("api")["Resources"]["RestApi"]["Properties"]
    assert {each["LoggingLevel"] for each in api["MethodSettings"]} == {"OFF"}
    assert "$context.error.message" in api["AccessLogSetting"]["Format"]


def test_both_stacks_of_functions_say_the_same_of_all_of_them() -> None:
    """SAM's Globals are one template's own: they are written twice, and must not drift apart."""
    one, other = (_template(name)["Globals"]["Function"] for name in ("functions", "operation_functions"))
    ours = {"Layers": None, "DeploymentPreference": None}
    assert {**one, **ours} == {**other, **ours}
