"""SigV4 by botocore for single requests: a boto3 client would cost several times the request."""

from functools import cache
from typing import Any

from mtd.domain.errors import UnavailableError


@cache
def _credentials() -> Any:
    from botocore.session import get_session

    return get_session().get_credentials()


def signed_headers(
    method: str,
    url: str,
    content: bytes | None,
    headers: dict[str, str],
    service: str,
    region: str,
    *,
    credentials: Any = None,
) -> dict[str, str]:
    """The headers, signed for the service (`s3`, `execute-api`) with `credentials`, or with the process's own IAM
    identity. Raises UnavailableError when the process has none."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method, url, data=content, headers=headers)
    # S3 alone takes the path as it is sent.
    sign = S3SigV4Auth if service == "s3" else SigV4Auth
    identity = credentials or _credentials()
    if identity is None:
        raise UnavailableError("this process has no AWS credentials", code="credentials_missing")
    sign(identity.get_frozen_credentials(), service, region).add_auth(request)
    return dict(request.headers.items())
