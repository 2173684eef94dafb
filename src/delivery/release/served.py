"""Compares the version that each alias serves with the build: code, layer and release. A version of Lambda keeps the
three as they were when it was published, and SAM publishes none for another layer alone
(aws/serverless-application-model issue 3610)."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from delivery.packaging.builds import Build
from delivery.release import traffic
from delivery.release.code import code_of
from delivery.targets.target import Target

# GetLayerVersion answers 403 for a deleted version, which has no policy that would allow the call.
_GONE = {"ResourceNotFoundException", "AccessDeniedException", "404", "403"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The expected content. Codes are SHA-256 of the zips in Base64, as Lambda returns them; `functions` by the
    function's own name. `release` is in each version's description, where SAM puts AutoPublishCodeSha256; '' for a
    record without one."""

    functions: Mapping[str, str]
    layer: str
    release: str


def sha256(content: bytes) -> str:
    """As Lambda's CodeSha256: Base64 of the SHA-256 of a zip."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def expected_of(build: Build, release: str) -> Expected:
    """The content that a build serves once it is deployed with these parameters."""
    code = code_of(build)
    return Expected(
        functions={name: sha256((build.folder / key).read_bytes()) for name, key in code.functions.items()},
        layer=sha256((build.folder / code.layer).read_bytes()),
        release=release,
    )


def differences(target: Target, expected: Expected) -> Iterator[str]:
    """A sentence for each function whose alias serves other content."""
    client = target.clients.client("lambda")
    serving = traffic.serving(target)

    @cache
    def layer_sha256(arn: str) -> str:
        try:
            return str(client.get_layer_version_by_arn(Arn=arn)["Content"]["CodeSha256"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _GONE:
                raise
            return "none, because it was deleted"

    def one(item: tuple[str, str]) -> list[str]:
        name, version = item
        differences_of_one: dict[str, Any] = client.get_function_configuration(FunctionName=name, Qualifier=version)
        own = name.removeprefix(target.prefix)
        if own not in expected.functions:
            return [f"{name} is a function that the build does not know"]
        layers = [layer_sha256(layer["Arn"]) for layer in differences_of_one.get("Layers", [])]
        return [
            f"{name} serves version {version}, whose {what} is not the build's"
            for what, same in (
                ("code", differences_of_one["CodeSha256"] == expected.functions[own]),
                ("layer", layers == [expected.layer]),
                ("release", expected.release in differences_of_one.get("Description", "")),
            )
            if not same
        ]

    for own in sorted(expected.functions):
        if f"{target.prefix}{own}" not in serving:
            yield f"{target.prefix}{own} has no alias {traffic.ALIAS}"
    with ThreadPoolExecutor(4) as pool:
        for differences_of_one in pool.map(one, sorted(serving.items())):
            yield from differences_of_one
