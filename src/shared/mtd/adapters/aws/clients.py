"""boto3 clients, made on first use: importing this module costs nothing."""

from functools import cache
from typing import Any


@cache
def client(service: str) -> Any:
    """The service's client with short time-outs: a queue retries better than a Lambda waits."""
    import boto3
    from botocore.config import Config

    settings = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=16,
    )
    session: Any = boto3.Session()
    return session.client(service, config=settings)
