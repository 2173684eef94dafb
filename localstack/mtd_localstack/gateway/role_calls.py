"""Records the AWS calls of each role. LocalStack gives a function credentials of its role, so a request shows the
role."""

from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import Any

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.services.sts.models import sts_stores
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

from mtd_localstack.gateway.request_counts import EXECUTE_API_PATHS

# Request parameters that name a resource. Of an object's key the first folder counts.
_NAMES = tuple(
    (
        "Bucket Key CopySource VersionId QueueUrl QueueName SecretId stateMachineArn TopicArn Template "
        "ConfigurationSetName FunctionName"
    ).split()
)
_SESSIONS_OF_ALL_REGIONS = "us-east-1"


class RoleCalls:
    """A handler for LocalStack's response chain: a set of calls that grows with their kinds, not with their number."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: Counter[tuple[str, str, tuple[tuple[str, str], ...]]] = Counter()

    def __call__(self, _chain: Any, context: Any, _response: Any) -> None:
        """Count the request that ``context`` describes, if a function made it."""
        if context.is_internal_call:
            return
        key = extract_access_key_id_from_auth_header(context.request.headers)
        if not key:
            return
        # Not the context's account: a call of an API has none.
        account = get_account_id_from_access_key_id(key)
        session = sts_stores[account][_SESSIONS_OF_ALL_REGIONS].credentials.get(key)
        if session is None:
            return
        if context.operation is not None:
            operation = f"{context.service.service_name}.{context.operation.name}"
            about = subject(context.service_request or {})
        elif context.request.path.startswith(EXECUTE_API_PATHS):
            operation = "execute-api.Invoke"
            about = (("Method", context.request.method), ("Path", context.request.path))
        else:
            return
        with self._lock:
            self._calls[session.arn.split("/")[1], operation, about] += 1

    def snapshot(self) -> list[dict[str, Any]]:
        """Role, ``service.Operation``, what it was about and how often."""
        with self._lock:
            calls = sorted(self._calls.items())
        return [
            {"role": role, "operation": operation, "about": dict(about), "count": count}
            for (role, operation, about), count in calls
        ]


def subject(request: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The parameters of a request that name its resource."""
    return tuple((name, _general(name, request[name])) for name in _NAMES if request.get(name))


def _general(name: str, value: Any) -> str:
    if name == "VersionId":
        return "*"
    if name == "Key":
        return f"{value.partition('/')[0]}/*"
    if name == "CopySource":
        bucket, _, key = str(value).lstrip("/").partition("/")
        versioned = "?versionId=*" if "versionId=" in key else ""
        return f"{bucket}/{key.partition('/')[0]}/*{versioned}"
    return str(value)
