"""SigV4 by botocore for single requests: a boto3 client would cost several times the request."""

from functools import cache
from typing import Any


@cache
def _credentials() -> Any:
    from botocore.session import get_session

    return get_session().get_credentials()


def signed_headers(
    method: str, url: str, content: bytes | None, headers: dict[str, str], service: str, region: str
) -> dict[str, str]:
    """The headers, signed with the function's IAM identity for the service (`s3`, `execute-api`)."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method, url, data=content, headers=headers)
    # S3 alone takes the path as it is sent.
    sign = S3SigV4Auth if service == "s3" else SigV4Auth
    sign(_credentials().get_frozen_credentials(), service, region).add_auth(request)
    return dict(request.headers.items())
