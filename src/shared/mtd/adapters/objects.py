"""S3 behind `ports.Objects`."""

from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws import client
from mtd.domain.errors import MtdError, NotFound, UnavailableError

_ABSENT = {"NoSuchKey", "NoSuchVersion", "404", "NotFound"}


class S3Objects:
    """Every method raises UnavailableError when S3 does not answer."""

    def get(self, bucket: str, key: str, version: str | None = None) -> bytes:
        try:
            content: bytes = client("s3").get_object(Bucket=bucket, Key=key, **_of(version))["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise _translated(error, f"s3://{bucket}/{key}") from error
        return content

    def put(self, bucket: str, key: str, content: bytes, content_type: str) -> None:
        try:
            client("s3").put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise _translated(error, f"s3://{bucket}/{key}") from error

    def copy(self, bucket: str, key: str, new_key: str, version: str | None = None) -> None:
        source = {"Bucket": bucket, "Key": key, **_of(version)}
        try:
            client("s3").copy_object(Bucket=bucket, Key=new_key, CopySource=source)
        except (ClientError, BotoCoreError) as error:
            raise _translated(error, f"s3://{bucket}/{key}") from error


def _of(version: str | None) -> dict[str, str]:
    return {"VersionId": version} if version else {}


def _translated(error: Exception, what: str) -> MtdError:
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _ABSENT:
        return NotFound(f"{what} is not there", code="object_absent")
    return UnavailableError(f"{what}: {error}", code="s3_unavailable")
