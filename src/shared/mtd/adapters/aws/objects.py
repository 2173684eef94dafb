"""S3 behind `ports.Objects`."""

from urllib.parse import quote, urlsplit

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws.clients import client
from mtd.adapters.aws.signing import signed_headers
from mtd.adapters.legacy.http import request
from mtd.domain.errors import MtdError, NotFound, RetryableError, UnavailableError

_ABSENT = {"NoSuchKey", "NoSuchVersion", "404", "NotFound"}
_READ_SECONDS = 10
_RETRIES = urllib3.Retry(total=2, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504), raise_on_status=False)


class S3Objects:
    """Every method raises UnavailableError when S3 does not answer."""

    def get(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """The object's content. Every order makes this call; without boto3's client it takes a third of the CPU."""
        s3 = client("s3").meta
        url = object_url(s3.endpoint_url, bucket, key, version)
        headers = signed_headers("GET", url, None, {}, "s3", s3.region_name)
        what = f"s3://{bucket}/{key}"
        try:
            status, content = request("GET", url, None, headers, _READ_SECONDS, _RETRIES)
        except RetryableError as error:
            raise UnavailableError(f"{what}: {error}", code="s3_unavailable") from error
        if status == 200:
            return content
        if status == 404:
            raise NotFound(f"{what} is not there", code="object_absent")
        answer = content[:300].decode(errors="replace")
        raise UnavailableError(f"{what}: S3 answered {status}: {answer}", code="s3_unavailable")

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

    def delete(self, bucket: str, key: str) -> None:
        """All versions of the object, and its delete markers."""
        try:
            pages = client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
            for page in pages:
                for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    if each["Key"] == key:
                        client("s3").delete_object(Bucket=bucket, Key=key, VersionId=each["VersionId"])
        except (ClientError, BotoCoreError) as error:
            raise _translated(error, f"s3://{bucket}/{key}") from error


def object_url(endpoint: str, bucket: str, key: str, version: str | None) -> str:
    """The object's URL. Amazon's endpoints take the bucket in the host's name, all others in the path."""
    scheme, host = urlsplit(endpoint)[:2]
    place = f"{bucket}.{host}" if host.endswith(".amazonaws.com") else f"{host}/{bucket}"
    query = f"?versionId={quote(version, safe='')}" if version else ""
    return f"{scheme}://{place}/{quote(key, safe='/~')}{query}"


def _of(version: str | None) -> dict[str, str]:
    return {"VersionId": version} if version else {}


def _translated(error: Exception, what: str) -> MtdError:
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _ABSENT:
        return NotFound(f"{what} is not there", code="object_absent")
    return UnavailableError(f"{what}: {error}", code="s3_unavailable")
