"""boto3 clients of the running instance, or of the AWS account of the user's credentials."""

from typing import Any, cast

import boto3
import botocore.session
from botocore.config import Config

from devenv.instance import ACCOUNT, REGION

SECRET_KEY = "local"


class Clients:
    """Makes clients for one endpoint, or without an endpoint for AWS with the user's credentials."""

    def __init__(self, endpoint: str | None, region: str = REGION) -> None:
        self.endpoint = endpoint
        self.region = region
        self._session = _own_session(region) if endpoint else boto3.Session(region_name=region)
        self._made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of a service, which threads share. A call may take 15 minutes, as an invocation of a function
        may."""
        if service not in self._made:
            self._made[service] = cast(Any, self._session).client(
                service,
                endpoint_url=self.endpoint,
                config=Config(
                    connect_timeout=3,
                    read_timeout=910 if service == "lambda" else 60,
                    retries={"mode": "standard", "total_max_attempts": 1 if service == "lambda" else 3},
                    s3={"addressing_style": "path"} if self.endpoint else {},
                    max_pool_connections=20,
                ),
            )
        return self._made[service]

    def account(self) -> str:
        return ACCOUNT if self.endpoint else str(self.client("sts").get_caller_identity()["Account"])


def _own_session(region: str) -> boto3.Session:
    """A session for this instance. The user's AWS_PROFILE may name a profile that does not exist, or other settings."""
    unprofiled = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    return boto3.Session(
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key=SECRET_KEY,
        region_name=region,
        botocore_session=unprofiled,
    )
