"""What the gateway serves besides AWS, all JSON: /_mtd/requests, role-calls, recycle, environments."""

from typing import Any

from localstack.http import Request, Response, Router, route

from .environments import Environments
from .request_counts import RequestCounts
from .role_calls import RoleCalls


class MtdRoutes:
    """The resource to be added to LocalStack's router."""

    def __init__(self, environments: Environments, counts: RequestCounts, calls: RoleCalls) -> None:
        self._environments = environments
        self._counts = counts
        self._calls = calls

    @route("/_mtd/requests", methods=["GET"])
    def get_requests(self, _: Request, **__: Any) -> Any:
        """The requests served since start or since DELETE."""
        return answer(self._counts.snapshot())

    @route("/_mtd/requests", methods=["DELETE"])
    def delete_requests(self, _: Request, **__: Any) -> Any:
        """Start counting from zero; answers what had been counted."""
        return answer(self._counts.reset())

    @route("/_mtd/role-calls", methods=["GET"])
    def get_role_calls(self, _: Request, **__: Any) -> Any:
        """What each function's role has called since start."""
        return answer(self._calls.snapshot())

    @route("/_mtd/environments", methods=["GET"])
    def get_environments(self, _: Request, **__: Any) -> Any:
        """The functions' processes."""
        return answer(self._environments.describe())

    @route("/_mtd/recycle", methods=["POST"])
    def post_recycle(self, request: Request, **_: Any) -> Any:
        """Have the next call of ``{"functions": [name, ...]}`` served by fresh processes."""
        body = request.get_json(silent=True)
        functions = body.get("functions") if isinstance(body, dict) else None
        if not isinstance(functions, list) or not all(isinstance(name, str) for name in functions):
            return answer({"error": 'the body must be {"functions": ["name", ...]}'}, 400)
        return answer({"recycled": self._environments.recycle(functions)})


def answer(body: Any, status: int = 200) -> Any:
    """A JSON response."""
    response = Response(status=status)
    response.set_json(body)
    return response


def add_routes(router: Router[Any], environments: Environments, counts: RequestCounts, calls: RoleCalls) -> None:
    """Serve the routes."""
    router.add(MtdRoutes(environments, counts, calls))
