"""API Gateway proxy events: JSON in, a use case, JSON out, errors as statuses."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from mtd.domain.errors import Conflict, Forbidden, InvalidRequest, MtdError, NotFound, UnavailableError
from mtd.domain.json_types import Json
from mtd.entrypoints.logs import set_up_logs
from mtd.usecases.flow.trace import Hop, from_millis, hop

LOG = logging.getLogger(__name__)
set_up_logs()

type ApiEvent = Mapping[str, Any]
type ApiHandler = Callable[[ApiEvent, Any], Json]
type Serve = Callable[[ApiEvent, Json, Any], Any]
"""Serves one operation of the API: event, JSON body, Lambda context; what is answered as JSON."""

_STATUSES: tuple[tuple[type[MtdError], int], ...] = (
    (InvalidRequest, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (UnavailableError, 503),
)


def api_handler(serve: Serve) -> ApiHandler:
    """A Lambda handler that answers with the result of `serve`, which gets the event, its JSON body and the context."""

    def handler(event: ApiEvent, context: Any) -> Json:
        try:
            return respond(200, serve(event, _body(event), context))
        except MtdError as error:
            status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
            if status >= 500:
                LOG.exception("request failed", extra={"code": error.code, "path": event.get("path")})
            if status == 500:
                return respond(500, {"code": error.code, "message": _look_in_log(context)})
            return respond(status, {"code": error.code, "message": str(error)})
        except Exception:
            LOG.exception("request failed", extra={"code": "internal", "path": event.get("path")})
            return respond(500, {"code": "internal", "message": _look_in_log(context)})

    return handler


def routed(routes: Mapping[str, Serve]) -> Serve:
    """Serves operations by their method and path, as `GET /orders/{number}`; a test holds the tables against
    openapi.yaml."""

    def serve(event: ApiEvent, body: Json, context: Any) -> Any:
        route = f"{event['httpMethod']} {event['resource']}"
        if route not in routes:
            raise NotFound(f"this function serves no {route}", code="route_unknown")
        return routes[route](event, body, context)

    return serve


def _look_in_log(context: Any) -> str:
    """The message about an error that is not the caller's. The function's log has the rest."""
    return f"internal error: look for request {context.aws_request_id} in the function's log"


def respond(status: int, body: Any) -> Json:
    """The proxy response."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=str),
    }


def api_hop(event: ApiEvent) -> Hop:
    """The hop of this request through API Gateway, or past it (`via`; mtd.adapters.aws.invoked_states)."""
    context = event.get("requestContext") or {}
    epoch = context.get("requestTimeEpoch")
    return hop(
        str(event.get("via") or "API"),
        f"{event.get('httpMethod')} {event.get('path')}",
        at=from_millis(epoch) if epoch else None,
        request_id=context.get("requestId"),
    )


def path_parameter(event: ApiEvent, name: str) -> str:
    """A parameter of the path, decoded."""
    return unquote(event["pathParameters"][name])


def query_parameter(event: ApiEvent, name: str) -> str | None:
    """A query string parameter; None when absent or empty."""
    return (event.get("queryStringParameters") or {}).get(name) or None


def _body(event: ApiEvent) -> Json:
    text = event.get("body")
    if not text:
        return {}
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not JSON", code="body_not_json") from None
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object", code="body_not_object")
    return body
