"""Checks of an environment's settings and places: values, the bootstrap, the stack, the zone, the transit
gateway."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from delivery.release import traffic
from delivery.release.preflight.findings import Finding, Question, ok, stops, warning

# RFC 2606: names under .example are nobody's; the environments' files have them where a retailer's own belongs.
_PLACEHOLDER = ".example"


def values(question: Question) -> Iterator[Finding]:
    """Placeholders that nobody replaced."""
    environment = question.target.environment
    left = sorted(name for name, value in question.parameters.items() if _PLACEHOLDER in value)
    if left:
        yield stops(
            "values",
            f"{', '.join(left)} still have placeholders ({_PLACEHOLDER}).",
            f"Set them in cloudformation/environments/{environment}.json and build again.",
        )
    else:
        yield ok("values", f"every value of {environment}.json is one of your own")


def bootstrap(question: Question) -> Iterator[Finding]:
    """The roles, the boundary and the artifact bucket that bootstrap.yaml makes."""
    environment, boundary = question.target.environment, question.parameters.get("PermissionsBoundary", "none")
    fix = (
        "An administrator: aws cloudformation deploy --region us-west-2 --template-file cloudformation/bootstrap.yaml "
        f"--stack-name mtd-bootstrap-{environment} --capabilities CAPABILITY_NAMED_IAM --parameter-overrides "
        f"Environment={environment} Repository=<owner@id/name@id> MailDomain=<domain of MailSender>"
    )
    if question.platform and boundary == "none":
        yield stops(
            "bootstrap", "PermissionsBoundary is none: no role could be made.", f"Set mtd-{environment}-boundary."
        )
    try:
        question.client("s3").head_bucket(Bucket=question.target.bucket)
        question.client("iam").get_role(RoleName=f"mtd-{environment}-cloudformation")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in {"404", "NoSuchBucket", "NoSuchEntity"}:
            raise
        yield stops("bootstrap", f"{question.target.bucket} or CloudFormation's role is not there.", fix)
        return
    yield ok("bootstrap", "artifact bucket and CloudFormation's role are there")


def stack(question: Question) -> Iterator[Finding]:
    """Whether a change set can be made of what stands, and whether alarms are on."""
    name, status = question.target.stack.name, question.status
    if status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
        yield stops(
            "stack",
            f"{name} is {status}: a creation that failed, of which no change set can be made.",
            f"An administrator: aws cloudformation delete-stack --stack-name {name}; what its events say first.",
        )
    elif status == "UPDATE_ROLLBACK_FAILED":
        yield stops("stack", f"{name} is {status}.", f"aws cloudformation continue-update-rollback --stack-name {name}")
    else:
        yield ok("stack", f"{name}: {status or 'not there yet, the first deployment makes it'}")
    if rings := traffic.firing_alarms(question.target):
        yield warning(
            "alarms", f"On: {', '.join(rings)}.", "See docs/operations.md; a build that mends it: DESPITE_ALARMS=1."
        )


def zone(question: Question) -> Iterator[Finding]:
    """The zone that proves the portal's certificate, which only a public one can (ACM, "DNS validation")."""
    if not question.platform:
        return
    identifier, domain = question.parameters.get("HostedZoneId", "none"), question.parameters.get("PortalDomain", "")
    if identifier == "none":
        yield warning(
            "zone",
            "HostedZoneId is none: the portal is left out.",
            "PARAMETERS='HostedZoneId=Z…' once, the variable of GitHub's environment; later deployments keep it.",
        )
        return
    zone = question.client("route53").get_hosted_zone(Id=identifier)["HostedZone"]
    name = str(zone["Name"]).rstrip(".")
    if zone.get("Config", {}).get("PrivateZone"):
        yield stops("zone", f"{identifier} is private: ACM proves a name by public DNS.", "Name the public zone.")
    elif domain != name and not domain.endswith(f".{name}"):
        yield stops("zone", f"{domain} is not in {identifier} ({name}).", "Correct PortalDomain or HostedZoneId.")
    else:
        yield ok("zone", f"{domain} is in {name}")


def transit_gateway(question: Question) -> Iterator[Finding]:
    """The retailer's gateway, shared with the account; an attachment may wait for its owner."""
    identifier = question.parameters.get("TransitGatewayId", "none")
    if not question.platform or identifier == "none":
        return
    found = question.client("ec2").describe_transit_gateways(
        Filters=[{"Name": "transit-gateway-id", "Values": [identifier]}]
    )["TransitGateways"]
    if not found:
        yield stops(
            "transit gateway",
            f"{identifier} is not shared with this account.",
            "Its owner shares it by Resource Access Manager; accept the share, then ask again.",
        )
        return
    accepts = found[0].get("Options", {}).get("AutoAcceptSharedAttachments") == "enable"
    waiting = question.client("ec2").describe_transit_gateway_vpc_attachments(
        Filters=[
            {"Name": "transit-gateway-id", "Values": [identifier]},
            {"Name": "state", "Values": ["pendingAcceptance"]},
        ]
    )["TransitGatewayVpcAttachments"]
    if waiting or not (accepts or question.stands):
        names = (
            ", ".join(one["TransitGatewayAttachmentId"] for one in waiting) or "the stack's attachment, once it asks"
        )
        yield warning(
            "transit gateway",
            f"{identifier} accepts no attachment by itself; routes to it fail until its owner accepts {names}.",
            "Its owner, while the stack is being made: aws ec2 accept-transit-gateway-vpc-attachment "
            "--transit-gateway-attachment-id …",
        )
    else:
        yield ok("transit gateway", f"{identifier} is shared and takes the attachment")


def identity_provider(question: Question) -> Iterator[Finding]:
    """The secret that the load balancer's listener reads: a stack whose dynamic reference leads nowhere fails."""
    if not question.platform or question.parameters.get("OidcIssuer", "none") == "none":
        return
    name = f"mtd/{question.target.environment}/portal-oidc"
    try:
        question.client("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        yield stops(
            "identity provider",
            f"OidcIssuer is set and there is no secret {name}.",
            f'aws secretsmanager create-secret --name {name} --secret-string \'{{"client_secret": "…"}}\'',
        )
        return
    yield ok("identity provider", f"{name} is there")


CHECKS = (values, bootstrap, stack, zone, transit_gateway, identity_provider)
