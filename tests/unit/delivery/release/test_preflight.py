"""The checks of an account before a deployment changes anything, each with its fix."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from tests.unit.delivery.release.accounts import Account, refusal, target
from tests.unit.delivery.roles import allowing

from delivery.packaging import builds
from delivery.packaging.builds import Build
from delivery.packaging.loops import written_out
from delivery.packaging.template import load
from delivery.release import given
from delivery.release.preflight import account as of_account
from delivery.release.preflight import asking, places
from delivery.release.preflight.findings import Check, Finding, Question, Severity
from delivery.release.sequence import Deployment
from devenv.console.steps import Steps
from devenv.instance import PROJECT, Instance
from devenv.problem import Problem

PARAMETERS = {
    "Platform": "true",
    "PermissionsBoundary": "mtd-staging-boundary",
    "Concurrency": "10",
    "MailSender": "orders@shop.cl",
    "EomUrl": "https://eom.shop.cl",
    "HostedZoneId": "Z1",
    "PortalDomain": "portal.shop.cl",
    "TransitGatewayId": "tgw-1",
    "OidcIssuer": "https://id.shop.cl",
}


class Services(Account):
    """An account that is ready; tests take things away. `calls` keeps the actions asked for, as IAM knows them."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: set[str] = set()
        self.answers: dict[str, Any] = {
            "describe_secret": {},
            "head_bucket": {},
            "get_role": {},
            "get_account_settings": {
                "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
            },
            "get_email_identity": {"VerifiedForSendingStatus": True},
            "get_account": {"SendingEnabled": True, "ProductionAccessEnabled": True},
            "get_hosted_zone": {"HostedZone": {"Name": "shop.cl.", "Config": {"PrivateZone": False}}},
            "describe_transit_gateways": {"TransitGateways": [{"Options": {"AutoAcceptSharedAttachments": "enable"}}]},
            "describe_transit_gateway_vpc_attachments": {"TransitGatewayVpcAttachments": []},
            "get_caller_identity": {"Account": "1"},
            "describe_budgets": {"Budgets": []},
            "describe_db_engine_versions": {"DBEngineVersions": [{"EngineVersion": "17.9"}]},
            "describe_db_instances": {"DBInstances": []},
        }

    def client(self, service: str) -> Any:
        return _Asked(self, service)

    def refuse(self, name: str, code: str) -> None:
        self.answers[name] = refusal(code)


class _Asked:
    def __init__(self, services: Services, service: str) -> None:
        self._services = services
        self._service = {"sesv2": "ses"}.get(service, service)

    def __getattr__(self, name: str) -> Any:
        operation = "".join(part.capitalize() for part in name.split("_")).replace("Db", "DB")
        self._services.actions.add(_ACTIONS.get(operation, f"{self._service}:{operation}"))
        if name not in self._services.answers:
            return getattr(self._services, name)

        def answer(**_: Any) -> Any:
            answer = self._services.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return answer

    def get_paginator(self, name: str) -> Any:
        return self._services.get_paginator(name)


# Service Authorization Reference: what these calls need.
_ACTIONS = {
    "HeadBucket": "s3:ListBucket",
    "DescribeBudgets": "budgets:ViewBudget",
    "GetCallerIdentity": "sts:GetCallerIdentity",
}


@pytest.fixture
def build(small_project: Any) -> Build:
    return builds.make(Instance(name="one", project=small_project, environ={}))


def _ask(services: Services, build: Build, checks: Sequence[Check] = asking.CHECKS, **changed: str) -> list[Finding]:
    question = Question(target=target(services), build=build, parameters=PARAMETERS | changed, status=services.status)
    return [finding for check in checks for finding in asking._asked(check, question)]


def test_an_account_that_is_ready_has_nothing_to_do(build: Build) -> None:
    services = Services()
    services.status = None
    assert {finding.severity for finding in _ask(services, build)} == {Severity.OK}


@pytest.mark.parametrize(
    ("check", "spoil", "changed", "severity", "answer", "fix"),
    [
        (places.values, None, {"EomUrl": "https://eom.retailer.example"}, "stops", "EomUrl", "staging.json"),
        (places.bootstrap, ("head_bucket", "404"), {}, "stops", "is not there", "--capabilities CAPABILITY_NAMED_IAM"),
        (places.bootstrap, ("get_role", "NoSuchEntity"), {}, "stops", "is not there", "bootstrap.yaml"),
        (places.zone, None, {"HostedZoneId": "none"}, "warning", "the portal is left out", "PARAMETERS='HostedZoneId="),
        (
            places.zone,
            {"get_hosted_zone": {"HostedZone": {"Name": "x.cl.", "Config": {"PrivateZone": True}}}},
            {},
            "stops",
            "is private",
            "public zone",
        ),
        (
            places.zone,
            {"get_hosted_zone": {"HostedZone": {"Name": "hop.cl."}}},
            {},
            "stops",
            "is not in",
            "PortalDomain",
        ),
        (
            places.transit_gateway,
            {"describe_transit_gateways": {"TransitGateways": []}},
            {},
            "stops",
            "is not shared",
            "Resource Access Manager",
        ),
        (
            places.transit_gateway,
            {"describe_transit_gateways": {"TransitGateways": [{"Options": {}}]}},
            {},
            "warning",
            "accepts no attachment by itself",
            "accept-transit-gateway-vpc-attachment",
        ),
        (
            places.identity_provider,
            ("describe_secret", "ResourceNotFoundException"),
            {"OidcIssuer": "https://id.shop.cl"},
            "stops",
            "no secret mtd/staging/portal-oidc",
            "create-secret --name mtd/staging/portal-oidc",
        ),
        # Lambda, "Quotas": new accounts have reduced concurrency.
        (
            of_account.concurrency,
            {
                "get_account_settings": {
                    "AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
                }
            },
            {},
            "stops",
            "has 10, 10 of them free",
            "--quota-code L-B99A9384 --desired-value 1000",
        ),
        (
            of_account.mail,
            {"get_email_identity": {"VerifiedForSendingStatus": False, "DkimAttributes": {"Tokens": ["t"]}}},
            {},
            "stops",
            "DNS has not proved it",
            "t._domainkey.shop.cl CNAME t.dkim.amazonses.com",
        ),
        (
            of_account.mail,
            ("get_email_identity", "NotFoundException"),
            {},
            "stops",
            "knows neither",
            "MailDomain=shop.cl",
        ),
        (
            of_account.mail,
            {"get_account": {"SendingEnabled": True, "ProductionAccessEnabled": False}},
            {},
            "warning",
            "sandbox",
            "put-account-details --production-access-enabled",
        ),
        (of_account.mail, {"get_account": {"SendingEnabled": False}}, {}, "stops", "stopped", "Support"),
        (
            of_account.service_role,
            ("get_role", "NoSuchEntity"),
            {},
            "warning",
            "no role for ECS",
            "create-service-linked-role --aws-service-name ecs.amazonaws.com",
        ),
        (of_account.billing, ("describe_budgets", "AccessDeniedException"), {}, "stops", "No budget", "root user"),
        (
            of_account.billing,
            ("describe_budgets", "ThrottlingException"),
            {},
            "warning",
            "Could not be asked",
            "by hand",
        ),
    ],
)
def test_what_is_missing_is_told_with_its_fix(
    check: Check, spoil: Any, changed: dict[str, str], severity: str, answer: str, fix: str, build: Build
) -> None:
    services = Services()
    services.status = None
    if isinstance(spoil, tuple):
        services.refuse(*spoil)
    elif spoil:
        services.answers |= spoil
    if check is of_account.concurrency:
        build = _bounded(build)
    findings = [each for each in _ask(services, build, [check], **changed) if each.severity is not Severity.OK]
    assert findings, "nothing is told"
    assert findings[0].severity == severity
    assert answer in findings[0].answer
    assert fix in findings[0].fix


def _bounded(build: Build) -> Build:
    """The build with functions that reserve concurrency, and a database."""
    [name] = [name for name in build.files if name.startswith("templates/")]
    template = build.template(name)
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Serverless::Function":
            bound = {"Fn::If": ["IsBounded", {"Ref": "Concurrency"}, {"Ref": "AWS::NoValue"}]}
            each["Properties"]["ReservedConcurrentExecutions"] = bound
    template["Resources"]["D"] = {"Type": "AWS::RDS::DBInstance", "Properties": {"EngineVersion": "17"}}
    (build.folder / name).write_text(json.dumps(template))
    return build


def test_what_the_functions_reserve_is_read_from_the_templates(build: Build) -> None:
    assert of_account.reserved(_bounded(build), 10) == 30
    assert of_account.reserved(build, 0) == 0


def test_a_stack_that_stands_counts_its_own_reservation_once(build: Build) -> None:
    services = Services()
    limit = {"ConcurrentExecutions": 200, "UnreservedConcurrentExecutions": 110}
    services.answers["get_account_settings"] = {"AccountLimit": limit}
    [finding] = _ask(services, _bounded(build), [of_account.concurrency])
    assert finding.severity is Severity.OK


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_a_stack_of_which_no_change_set_can_be_made_stops(status: str, build: Build) -> None:
    services = Services()
    services.status = status
    [finding] = _ask(services, build, [places.stack])
    assert finding.severity is Severity.STOPS
    assert finding.fix.startswith(("An administrator: aws cloudformation delete-stack", "aws cloudformation continue"))


def test_settings_that_wait_for_a_restart_are_told(build: Build) -> None:
    services = Services()
    groups = [{"ParameterApplyStatus": "pending-reboot"}]
    services.answers["describe_db_instances"] = {"DBInstances": [{"DBParameterGroups": groups}]}
    [finding] = _ask(services, build, [of_account.database])
    assert "max_connections" in finding.answer
    assert "reboot-db-instance --db-instance-identifier mtd-staging" in finding.fix


def test_nothing_is_changed_in_an_account_that_is_not_ready(build: Build) -> None:
    account = Account()
    stopping = Finding(
        asked="mail identity", severity=Severity.STOPS, answer="SES does not send.", fix="Set the records."
    )
    deployment = Deployment(
        target=target(account),
        build=build,
        steps=Steps(Console(quiet=True)),
        show=lambda _: None,
        ask=lambda: [stopping],
    )
    with pytest.raises(Problem, match=r"not ready, nothing was changed: SES does not send\.") as raised:
        deployment.run()
    assert (raised.value.code, raised.value.fix) == (5, "Set the records.")
    assert account.calls == []
    warned = replace(stopping, severity=Severity.WARNING)
    assert replace(deployment, ask=lambda: [warned]).run().endswith("serves staging")


@pytest.mark.parametrize("role", ["DeployRole", "ReviewRole"])
def test_the_roles_of_ci_may_ask_all_of_it(role: str, build: Build) -> None:
    services = Services()
    assert _ask(services, _bounded(build))
    asked = {action for action in services.actions if not action.endswith(("GetCallerIdentity", "GetPaginator"))}
    assert len(asked) >= 10
    assert [action for action in sorted(asked) if not allowing(role, action)] == []


def test_parameters_come_of_the_setting_and_of_the_words() -> None:
    instance = Instance(name="one", project=PROJECT, environ={"PARAMETERS": "HostedZoneId=Z1 Concurrency=5"})
    assert given.parameters(["Concurrency=7"], instance) == {"HostedZoneId": "Z1", "Concurrency": "7"}
    with pytest.raises(Problem, match="Zone is no NAME=VALUE"):
        given.parameters(["Zone"], instance)


def test_every_engine_version_of_the_templates_is_a_major_one() -> None:
    """RDS retires minor versions every few months, and makes none of them any more: 17.1 to 17.4 since 2026-05-01."""
    resources = written_out(load(PROJECT / "cloudformation" / "stacks" / "platform" / "database.yaml"))["Resources"]
    assert resources["Database"]["Properties"]["EngineVersion"].isdigit()
