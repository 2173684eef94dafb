"""Stand-ins for connected systems: each answers by the examples of its declaration, and keeps the ledger.

A stub's document is `{"operations": {name: {method, path}}, "recover": path, "examples": {name: [example, …]}}`. The
first example whose `request` fits the request is answered: each of its fields is equal, or `{"above": n}`, or
`{"below": n}`. An example has a `status`, 200 if it has none, and an `answer`.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from legacy_simulator.faults import Broken, Refusal
from legacy_simulator.performing import Simulator

type Json = dict[str, Any]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ORDER_FIELDS = ("order", "order_number", "number", "id")


@dataclass(slots=True)
class Stubs:
    """The stubs by their systems, kept in the ledger's database over restarts."""

    simulator: Simulator

    def keep(self, system: str, document: Json) -> None:
        """Raises ValueError for a document that is none."""
        _check(document)
        self.simulator.ledger.db.execute(
            "insert into stubs (system, document) values (?1, ?2) on conflict (system) do update set document = ?2",
            (system, json.dumps(document)),
        )

    def find(self, system: str) -> Json | None:
        row = self.simulator.ledger.db.execute("select document from stubs where system = ?", (system,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def names(self) -> list[str]:
        rows = self.simulator.ledger.db.execute("select system from stubs order by 1")
        return [row[0] for row in rows]


def routes(stubs: Stubs) -> list[Route]:
    """`/stubs/{system}/…` as the systems themselves; `PUT /control/stubs/{system}` declares one."""

    async def declare(request: Request) -> JSONResponse:
        try:
            stubs.keep(request.path_params["system"], await request.json())
        except ValueError as error:
            return _error(400, "invalid_request", str(error))
        return JSONResponse({"system": request.path_params["system"]})

    async def serve(request: Request) -> Response:
        system, path = request.path_params["system"], f"/{request.path_params['path']}"
        document = stubs.find(system)
        if document is None:
            return _error(404, "system_unknown", f"no stub of {system} is declared")
        try:
            return await _serve(stubs.simulator, system, document, path, request)
        except Refusal as refusal:
            return _error(refusal.status, refusal.code, refusal.message)
        except Broken as broken:
            return _error(broken.status, "unavailable", "the system is not available")

    return [
        Route("/control/stubs/{system}", declare, methods=["PUT"]),
        Route("/stubs/{system}/{path:path}", serve, methods=list(_METHODS)),
    ]


async def _serve(simulator: Simulator, system: str, document: Json, path: str, request: Request) -> Response:
    recovered = _matched(document.get("recover") or "", path) if request.method == "GET" else None
    if recovered is not None:
        done = await simulator.recover(system, recovered["key"])
        return JSONResponse(done) if done is not None else _error(404, "unknown", "no operation has that key")
    named = _operation(document, request.method, path)
    if named is None:
        return _error(404, "operation_unknown", f"{system} has no {request.method} {path}")
    name, fields = named
    body: Json = {**fields, **dict(request.query_params)}
    if request.method not in ("GET", "DELETE"):
        try:
            body |= await request.json()
        except (ValueError, TypeError):
            return _error(400, "body_malformed", "the body must be a JSON object")
    example = _example(document.get("examples", {}).get(name, []), body)
    status, answer = int(example.get("status", 200)), example.get("answer", {})
    if request.method == "GET":
        return JSONResponse(answer, status)
    order = next((str(body[each]) for each in _ORDER_FIELDS if isinstance(body.get(each), str)), None)
    key = request.headers.get("idempotency-key", "")

    def do() -> Any:
        if status >= 400:
            said = answer if isinstance(answer, dict) else {}
            raise Refusal(str(said.get("code", "refused")), str(said.get("message", "refused by the stub")), status)
        return answer

    return JSONResponse(await simulator.perform(system, name, key, order, body, do), status)


def _operation(document: Json, method: str, path: str) -> tuple[str, Json] | None:
    """The operation of that method and path, and the fields that stand in the path."""
    operations = document.get("operations") or {}
    if not operations and method == "POST":
        return path.strip("/"), {}
    for name, said in operations.items():
        fields = _matched((said or {}).get("path", f"/{name}"), path)
        if fields is not None and (said or {}).get("method", "POST") == method:
            return name, fields
    return None


def _matched(pattern: str, path: str) -> Json | None:
    parts = re.split(r"\{(\w+)\}", pattern)
    regex = "".join(f"(?P<{part}>[^/]+)" if odd else re.escape(part) for odd, part in _alternating(parts))
    found = re.fullmatch(regex, path) if pattern else None
    return None if found is None else dict(found.groupdict())


def _alternating(parts: list[str]) -> list[tuple[bool, str]]:
    return [(bool(position % 2), part) for position, part in enumerate(parts)]


def _example(examples: list[Json], body: Json) -> Json:
    return next((each for each in examples if _fits(each.get("request", {}), body)), {})


def _fits(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, dict) and wanted.keys() in ({"above"}, {"below"}):
        [(word, limit)] = wanted.items()
        if isinstance(given, bool) or not isinstance(given, int | float):
            return False
        return bool(given > limit if word == "above" else given < limit)
    if isinstance(wanted, dict):
        return isinstance(given, dict) and all(_fits(each, given.get(name)) for name, each in wanted.items())
    return bool(wanted == given)


def _check(document: Any) -> None:
    if not isinstance(document, dict):
        raise ValueError("a stub must be an object")
    examples = document.get("examples", {})
    if not isinstance(examples, dict) or not all(
        isinstance(found, list) and all(isinstance(each, dict) for each in found) for found in examples.values()
    ):
        raise ValueError("examples must be lists of objects by the names of operations")


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": message}, status)
