"""The record of the last deployment, in the environment's artifact bucket; rollback and drift read it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from delivery.packaging.builds import Build
from delivery.release.code import code_of
from delivery.targets.target import Target

_KEY = "deployed.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRecord:
    """`template` is the root template's URL, `versions` what each function serves, `code` the key of its zip by the
    function's own name, `layer` the key of theirs ('' in records of before), `at` ISO 8601."""

    digest: str
    template: str
    parameters: Mapping[str, str]
    versions: Mapping[str, str]
    code: Mapping[str, str]
    at: str
    layer: str = ""


def last(target: Target) -> DeploymentRecord | None:
    """None when nothing has been deployed, or by a version of this that kept other records."""
    try:
        answer = target.clients.client("s3").get_object(Bucket=target.bucket, Key=_KEY)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in {"NoSuchKey", "NoSuchBucket"}:
            return None
        raise
    try:
        return DeploymentRecord(**json.loads(answer["Body"].read()))
    except (TypeError, ValueError):
        return None


def keep(
    target: Target, build: Build, *, template: str, parameters: Mapping[str, str], versions: Mapping[str, str]
) -> None:
    """The bucket is versioned: who deployed what before stays there too."""
    code = code_of(build)
    record = DeploymentRecord(
        digest=build.digest,
        template=template,
        parameters=parameters,
        versions=versions,
        code=code.functions,
        layer=code.layer,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    target.clients.client("s3").put_object(
        Bucket=target.bucket, Key=_KEY, Body=json.dumps(asdict(record), indent=1).encode()
    )
