"""The gateway's own JSON routes: /_mtd/requests, role-calls, recycle, debug, environments, faults."""

from typing import Any

from localstack.http import Request, Response, Router, route

from mtd_localstack.executor.call_faults import KILLED, CallFault
from mtd_localstack.executor.debugging import Debugger
from mtd_localstack.executor.machine import Machine
from mtd_localstack.gateway.request_counts import RequestCounts
from mtd_localstack.gateway.role_calls import RoleCalls


class MtdRoutes:
    """The resource to be added to LocalStack's router."""

    def __init__(self, machine: Machine, counts: RequestCounts, calls: RoleCalls) -> None:
        self._environments = machine.environments
        self._debuggers = machine.debuggers
        self._faults = machine.faults
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
        """The calls of each function's role since the start."""
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

    @route("/_mtd/debug", methods=["POST"])
    def post_debug(self, request: Request, **_: Any) -> Any:
        """Have the processes of ``function`` start under a debugger (see ``Debugger``); whether one starts now."""
        body = request.get_json(silent=True)
        try:
            if not isinstance(body, dict) or not isinstance(body.get("function"), str):
                raise ValueError("the body must be an object with a function")
            debugger = Debugger.from_json(body)
        except ValueError as error:
            return answer({"error": str(error)}, 400)
        self._environments.release(self._debuggers.want(body["function"], debugger))
        return answer({"starts": self._environments.start_anew(body["function"])})

    @route("/_mtd/debug", methods=["DELETE"])
    def delete_debug(self, _: Request, **__: Any) -> Any:
        """No debugger any more; a call that one holds fails."""
        ended = self._debuggers.end()
        self._environments.release(ended)
        return answer({"ended": ended})

    @route("/_mtd/faults", methods=["GET"])
    def get_faults(self, _: Request, **__: Any) -> Any:
        """The faults of calls that are armed, and those that struck."""
        return answer(self._faults.snapshot())

    @route("/_mtd/faults", methods=["DELETE"])
    def delete_faults(self, _: Request, **__: Any) -> Any:
        """Forget them all; answers what there was."""
        return answer(self._faults.clear())

    @route("/_mtd/faults", methods=["POST"])
    def post_faults(self, request: Request, **_: Any) -> Any:
        """Arm ``{"function": name, "kind": killed|killed_answering|timed_out, "after_ms": number}``."""
        body = request.get_json(silent=True)
        try:
            self._faults.arm(
                CallFault(
                    function=str(body["function"]),
                    kind=str(body.get("kind", KILLED)),
                    after_ms=float(body.get("after_ms", 0)),
                )
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return answer({"error": f"the body must be a fault: {error}"}, 400)
        return answer(self._faults.snapshot())


def answer(body: Any, status: int = 200) -> Any:
    """A JSON response."""
    response = Response(status=status)
    response.set_json(body)
    return response


def add_routes(router: Router[Any], machine: Machine, counts: RequestCounts, calls: RoleCalls) -> None:
    """Serve the routes."""
    router.add(MtdRoutes(machine, counts, calls))
