"""boto3 clients. The first use makes a client, so that importing this module loads no boto3."""

from functools import cache
from typing import Any


@cache
def client(service: str) -> Any:
    """The service's client with short time-outs: a queue tries again, and a waiting Lambda costs."""
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
