"""The code of a build's functions, and putting it beside the one that serves."""

import base64
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from delivery.deployment.deployment import migrate
from delivery.packaging.builds import Build
from delivery.targets.target import Target

MIGRATE = "migrate_database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Keys in the artifact bucket: of each function's zip by the function's own name, and of the shared layer."""

    functions: Mapping[str, str]
    layer: str


def code_of(build: Build) -> Code:
    """As the build's templates name it."""
    functions: dict[str, str] = {}
    layer = ""
    for name in build.files:
        if not name.startswith("templates/"):
            continue
        for resource in build.template(name)["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Serverless::Function":
                own = str(properties["FunctionName"]["Fn::Sub"]).removeprefix("mtd-${Environment}-")
                functions[own] = properties["CodeUri"]["Key"]
            elif resource["Type"] == "AWS::Serverless::LayerVersion":
                layer = properties["ContentUri"]["Key"]
    return Code(functions=functions, layer=layer)


def ensure_layer(target: Target, build: Build, code: Code) -> str:
    """The ARN of a version of the shared layer with the build's content: the one that migrate_database has, or a new
    one beside those that stand. A second version of the same content would be drift: CloudFormation knows the first
    alone."""
    client = target.clients.client("lambda")
    built = hashlib.sha256((build.folder / code.layer).read_bytes()).digest()
    for layer in client.get_function_configuration(FunctionName=f"{target.prefix}{MIGRATE}").get("Layers", []):
        content = client.get_layer_version_by_arn(Arn=layer["Arn"])["Content"]
        if base64.b64decode(content["CodeSha256"]) == built:
            return str(layer["Arn"])
    published = client.publish_layer_version(
        LayerName=f"{target.prefix}shared",
        Content={"S3Bucket": target.bucket, "S3Key": code.layer},
        CompatibleRuntimes=["python3.13"],
        CompatibleArchitectures=["x86_64"],
    )
    return str(published["LayerVersionArn"])


def place(target: Target, function: str, key: str, **configuration: Any) -> None:
    """The function's code and configuration (its layers, say), in $LATEST alone: who calls the alias does not see
    it."""
    client = target.clients.client("lambda")
    name = f"{target.prefix}{function}"
    waiter = client.get_waiter("function_updated")
    waiter.config.delay = target.poll_seconds
    client.update_function_code(FunctionName=name, S3Bucket=target.bucket, S3Key=key)
    waiter.wait(FunctionName=name)
    client.update_function_configuration(FunctionName=name, **configuration)
    waiter.wait(FunctionName=name)


def migrate_ahead(target: Target, build: Build, outputs: Mapping[str, str]) -> None:
    """Migrates with the build's own migrate_database while the current code serves: its code goes to $LATEST, which is
    called by that name. Raises Problem; traffic is as it was then."""
    code = code_of(build)
    place(target, MIGRATE, code.functions[MIGRATE], Layers=[ensure_layer(target, build, code)])
    processes = {name: path.read_text("utf-8") for name, path in build.named("processes").items()}
    migrate(target.clients, target.environment, processes, outputs, qualifier="$LATEST")


def publish_versions(target: Target, build: Build, release: str) -> dict[str, str]:
    """Publishes every function's new code as a version of the release that no alias serves yet, as CloudFormation does
    on AWS. Returns function -> version."""
    code = code_of(build)
    layer = ensure_layer(target, build, code)
    client: Any = target.clients.client("lambda")

    def one(item: tuple[str, str]) -> tuple[str, str]:
        function, key = item
        place(target, function, key, Layers=[layer], Description=release)
        name = f"{target.prefix}{function}"
        return name, str(client.publish_version(FunctionName=name)["Version"])

    with ThreadPoolExecutor(4) as pool:
        return dict(pool.map(one, code.functions.items()))
