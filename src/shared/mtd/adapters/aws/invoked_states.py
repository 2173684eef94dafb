"""Calls the states' functions by their aliases, past the API: one hop and one bill less (docs/adr/0034).

The event is the one that API Gateway's Lambda proxy integration would have made.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from mtd.adapters.aws.functions_api import FunctionsApi, answer_of
from mtd.domain.errors import MtdError, RetryableError
from mtd.domain.json_types import Json

# As openapi.yaml binds them; tests/unit/adapters/test_invoked_states.py compares.
FUNCTIONS = {
    "/states/validation": "validate_order",
    "/states/gift_card": "redeem_gift_card",
    "/states/allocation": "allocate_order",
    "/states/emission_dte": "issue_dte",
    "/states/sales_support": "open_sales_support",
    "/states/dispatch": "dispatch_order",
    "/states/completion": "complete_order",
    "/states/cancellation": "operate_order",
}
# Prefix of a path -> its function, and the parameter that the rest of the path is.
_PREFIXES = {"/errors/": ("control_error", "state"), "/systems/": ("call_system", "system")}


@cache
def _lambda() -> Any:
    """A client that waits as long as a function may run. It calls once: a timed out call may have run."""
    import boto3
    from botocore.config import Config

    settings = Config(connect_timeout=3, read_timeout=31, retries={"total_max_attempts": 1}, max_pool_connections=16)
    session: Any = boto3.Session()
    return session.client("lambda", config=settings)


class InvokedStates:
    """Serves `ports.StatesApi` for the states. Calls of all other paths go by the API."""

    def __init__(self, prefix: str, api: FunctionsApi, client: Callable[[], Any] = _lambda) -> None:
        """`prefix` begins the functions' names, such as mtd-production-."""
        self._prefix = prefix
        self._api = api
        self._client = client

    def post(self, path: str, body: Json) -> Json:
        function = next(
            (each for prefix, (each, _) in _PREFIXES.items() if path.startswith(prefix)), FUNCTIONS.get(path)
        )
        if function is None:
            return self._api.post(path, body)
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client().invoke(
                FunctionName=f"{self._prefix}{function}:live", Payload=json.dumps(_event(path, body)).encode()
            )
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) in (429, 500, 502, 503):
                raise RetryableError(f"{function}: {error}", code="api_unavailable") from error
            raise MtdError(f"{function}: {error}", code="api_refused") from error
        except BotoCoreError as error:
            raise RetryableError(f"{function}: {error}", code="api_unavailable") from error
        payload = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise RetryableError(f"{function} failed: {payload[:300].decode(errors='replace')}", code="api_failed")
        answer = json.loads(payload)
        return answer_of(path, int(answer["statusCode"]), str(answer.get("body") or "").encode())


def _event(path: str, body: Json) -> Json:
    resource, parameters = path, None
    for prefix, (_, parameter) in _PREFIXES.items():
        if path.startswith(prefix):
            resource, parameters = f"{prefix}{{{parameter}}}", {parameter: path.removeprefix(prefix)}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": "POST",
        "pathParameters": parameters,
        "queryStringParameters": None,
        "headers": {"Content-Type": "application/json"},
        "requestContext": {},
        "body": json.dumps(body, separators=(",", ":")),
        "via": "Lambda",
    }
