"""Checks of the account itself: quotas, mail, service roles, billing, PostgreSQL's version."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from delivery.packaging.builds import Build
from delivery.release.preflight.findings import Finding, Question, ok, stops, warning

# Lambda, "Configuring reserved concurrency": this many must stay for functions without any of their own.
_UNRESERVED = 100
_CONCURRENCY_QUOTA = "L-B99A9384"


def concurrency(question: Question) -> Iterator[Finding]:
    """The reserved concurrency of all functions against the account's quota; a new account has as few as 10."""
    needed = reserved(question.build, int(question.parameters.get("Concurrency", "0")))
    if not needed:
        return
    limit = question.client("lambda").get_account_settings()["AccountLimit"]
    total, free = int(limit["ConcurrentExecutions"]), int(limit["UnreservedConcurrentExecutions"])
    missing = needed + _UNRESERVED - (total if question.stands else free)
    if missing > 0:
        wanted = max(1000, total + missing)
        yield stops(
            "concurrency",
            f"The functions reserve {needed}, {_UNRESERVED} must stay free, and the account has {total}, {free} of "
            "them free.",
            "aws service-quotas request-service-quota-increase --service-code lambda "
            f"--quota-code {_CONCURRENCY_QUOTA} --desired-value {wanted}; a day or two. Or a smaller Concurrency.",
        )
    else:
        yield ok("concurrency", f"{needed} are reserved, of {total}")


def reserved(build: Build, concurrency: int) -> int:
    """The environments that the build's functions reserve together with this `Concurrency`; 0 for no limit."""
    if not concurrency:
        return 0
    total = 0
    for name in build.files:
        if not name.startswith("templates/"):
            continue
        template = build.template(name)
        usual = template.get("Globals", {}).get("Function", {}).get("ReservedConcurrentExecutions")
        for each in template["Resources"].values():
            if each["Type"] == "AWS::Serverless::Function":
                total += _bound(each["Properties"].get("ReservedConcurrentExecutions", usual), concurrency)
    return total


def _bound(value: Any, concurrency: int) -> int:
    match value:
        case {"Fn::If": ["IsBounded", int() as number, _]}:
            return number
        case {"Fn::If": ["IsBounded", {"Ref": "Concurrency"}, _]}:
            return concurrency
        case _:
            return 0


def mail(question: Question) -> Iterator[Finding]:
    """Whether SES sends for the sender, and to whom."""
    client, sender = question.client("sesv2"), question.parameters["MailSender"]
    domain = sender.rpartition("@")[2]
    for identity in (sender, domain):
        try:
            identity_state = client.get_email_identity(EmailIdentity=identity)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NotFoundException":
                raise
            continue
        if identity_state["VerifiedForSendingStatus"]:
            yield ok("mail identity", f"SES sends for {identity}")
            break
        tokens = identity_state.get("DkimAttributes", {}).get("Tokens", [])
        records = "; ".join(f"{token}._domainkey.{domain} CNAME {token}.dkim.amazonses.com" for token in tokens)
        yield stops(
            "mail identity",
            f"SES does not send for {identity} yet: DNS has not proved it.",
            f"Set {records or 'the records that the bootstrap stack tells as outputs'}; it takes minutes to hours.",
        )
        break
    else:
        yield stops(
            "mail identity",
            f"SES knows neither {sender} nor {domain}.",
            f"Deploy bootstrap.yaml with MailDomain={domain}.",
        )
    account = client.get_account()
    if not account.get("SendingEnabled", True):
        yield stops("mail account", "SES has stopped this account's sending.", "Answer its case in AWS Support.")
    elif not account.get("ProductionAccessEnabled"):
        yield warning(
            "mail account",
            "SES's sandbox: mails to customers wait until the account leaves it.",
            "aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url … "
            "--use-case-description …; about a day.",
        )
    else:
        yield ok("mail account", "out of SES's sandbox")


def service_role(question: Question) -> Iterator[Finding]:
    """ECS makes its role with the first cluster, which then may not find it yet (ECS, "Using service-linked roles")."""
    if not question.platform:
        return
    try:
        question.client("iam").get_role(RoleName="AWSServiceRoleForECS")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchEntity":
            raise
        yield warning(
            "service role",
            "The account has no role for ECS: its first cluster may fail and have to be tried again.",
            "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
        )
        return
    yield ok("service role", "ECS has its role")


def billing(question: Question) -> Iterator[Finding]:
    """Budgets are billing's: IAM's roles see none until the root user lets them ("IAM access to Billing")."""
    if not question.platform:
        return
    account = question.client("sts").get_caller_identity()["Account"]
    try:
        question.client("budgets").describe_budgets(AccountId=account, MaxResults=1)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in {"AccessDeniedException", "AccessDenied"}:
            raise
        yield stops(
            "billing",
            "No budget can be read, so none can be made.",
            "The root user: Account, 'IAM user and role access to Billing information', Activate.",
        )
        return
    yield ok("billing", "budgets can be read")


def database(question: Question) -> Iterator[Finding]:
    """Whether RDS makes the version, and whether what stands waits for a restart."""
    if not question.platform:
        return
    client = question.client("rds")
    for name in question.build.files:
        resources = question.build.template(name)["Resources"] if name.startswith("templates/") else {}
        for each in resources.values():
            if each["Type"] == "AWS::RDS::DBInstance":
                wanted = str(each["Properties"]["EngineVersion"])
                known = client.describe_db_engine_versions(Engine="postgres", EngineVersion=wanted)["DBEngineVersions"]
                if known:
                    yield ok("database", f"RDS makes PostgreSQL {known[-1]['EngineVersion']}")
                else:
                    yield stops(
                        "database",
                        f"RDS makes no PostgreSQL {wanted} any more.",
                        "Correct platform/database.yaml.",
                    )
    if not question.stands:
        return
    name = f"mtd-{question.target.environment}"
    for instance in client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]:
        if any(group["ParameterApplyStatus"] == "pending-reboot" for group in instance["DBParameterGroups"]):
            yield warning(
                "database",
                "PostgreSQL has other settings than its parameter group (max_connections?) until it restarts, and the "
                "alarm database-connections reckons with the group's.",
                f"aws rds reboot-db-instance --db-instance-identifier {name} --force-failover; about a minute.",
            )


CHECKS = (concurrency, mail, service_role, billing, database)
