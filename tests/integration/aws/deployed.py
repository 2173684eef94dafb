"""The root template deployed as an environment of AWS has it, into a LocalStack of its own."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery.deployment.deployment import url_of
from delivery.deployment.stack import Resource, Stack
from delivery.packaging import layer
from delivery.packaging.packaging import Packaged, PackagingPlan, package
from delivery.packaging.parameters import collect
from delivery.packaging.template import load
from tests.integration.aws.template_values import Known
from tests.integration.executor.bare_localstack import REGION, ROOT, BareLocalStack

BUCKET = "mtd-artifacts"
TEMPLATE = ROOT / "cloudformation" / "template.yaml"
BOOTSTRAP = ROOT / "cloudformation" / "bootstrap.yaml"
SETTINGS = {"Repository": "retailer@1/mtd@2", "MailDomain": "staging.mtd.example"}
# Of an image that nobody runs here.
DIGEST = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One stack of the deployment with what it was made from; ``name`` is its logical id in the root, or root."""

    name: str
    stack: str
    body: Mapping[str, Any]
    parameters: Mapping[str, str]
    physical_ids: Mapping[str, str]

    def resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The resources whose condition holds, by logical id."""
        known = Known(names=self.parameters, conditions=self.body.get("Conditions", {}), mappings={})
        for logical_id, resource in self.body["Resources"].items():
            if "Condition" not in resource or known.holds(resource["Condition"]):
                yield logical_id, resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A standing deployment."""

    localstack: BareLocalStack
    stack: Stack

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator."""
        return self.localstack.client(service)

    def named_resources(self) -> Iterator[tuple[str, Resource]]:
        """Each resource with the name of its stack."""
        return ((self._name(resource.stack), resource) for resource in self.stack.resources())

    def _name(self, stack: str) -> str:
        return "root" if stack == self.stack.name else stack.removeprefix(f"{self.stack.name}-").rpartition("-")[0]

    def templates(self) -> list[Template]:
        """The root and its nested stacks, SAM's transform applied."""
        cloudformation = self.client("cloudformation")
        resources = list(self.named_resources())
        found = []
        for stack in dict.fromkeys(resource.stack for _, resource in resources):
            described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
            body = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
            found.append(
                Template(
                    name=self._name(stack),
                    stack=stack,
                    body=json.loads(body) if isinstance(body, str) else body,
                    parameters={
                        each["ParameterKey"]: each.get("ResolvedValue") or each["ParameterValue"]
                        for each in described.get("Parameters", [])
                    },
                    physical_ids={item.logical_id: item.physical_id for _, item in resources if item.stack == stack},
                )
            )
        return found


def packaged(localstack: BareLocalStack, folder: Path) -> Packaged:
    """The templates as AWS gets them, but for the layer: an empty one, since no function is called here."""
    archive = folder / "layer.zip"
    archive.write_bytes(b"PK\5\6" + bytes(18))
    empty = layer.Layer(zip=archive, content="empty", third_party="empty")
    plan = PackagingPlan(
        bucket=BUCKET, url=url_of(localstack.endpoint, BUCKET), build_folder=folder, layer=lambda _: empty, hot=False
    )
    return package(TEMPLATE, plan)


def deploy(localstack: BareLocalStack, folder: Path, environment: str) -> Deployed:
    """The stack of ``environment`` (staging, production), portal included, standing, after the bootstrap whose boundary
    its roles have. Raises Problem."""
    files = packaged(localstack, folder)
    s3 = localstack.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key, path in files.uploads.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
    s3.put_object(Bucket=BUCKET, Key="root.json", Body=files.body.encode())
    s3.put_object(Bucket=BUCKET, Key="bootstrap.json", Body=json.dumps(load(BOOTSTRAP)).encode())
    bootstrap = Stack(localstack.client("cloudformation"), f"mtd-bootstrap-{environment}")
    bootstrap.apply(url_of(localstack.endpoint, BUCKET)("bootstrap.json"), {"Environment": environment} | SETTINGS)
    zone: Any = localstack.client("route53").create_hosted_zone(Name="mtd.example", CallerReference="test")
    at_run_time = {
        "PortalDigest": DIGEST,
        "HostedZoneId": zone["HostedZone"]["Id"].rpartition("/")[2],
        "ApiEndpoint": f"{localstack.endpoint}/_aws/execute-api",
    }
    stack = Stack(localstack.client("cloudformation"), f"mtd-{environment}")
    stack.apply(url_of(localstack.endpoint, BUCKET)("root.json"), collect(ROOT, environment, at_run_time))
    return Deployed(localstack=localstack, stack=stack)
