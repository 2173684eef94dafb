"""Declares the systems of a file: in the running instance, where stubs stand in for them, or in an AWS environment."""

import json
import urllib.parse
from typing import Any

import urllib3

from devenv.aws import Clients
from devenv.backends.choice import recorded_backend, servers_of
from devenv.orders.orders_client import OrdersClient
from devenv.problem import Problem
from devenv.running import Running
from devenv.systems.system_files import SystemFile

type Json = dict[str, Any]


def declare_here(running: Running, found: SystemFile, person: str, *, real: bool) -> Json:
    """Declare the system in the running instance. Unless `real` is set, the simulator stands in for it."""
    declaration = found.declaration
    if not real:
        _tell_simulator(running, found)
        servers = servers_of(running.instance, recorded_backend(running.document))
        endpoint = servers.endpoints(running.document["ports"]).simulator
        declaration = found.at(f"{endpoint}/stubs/{found.name}")
    return declare(running.orders_api(), found.name, declaration, person)


def declare(api: OrdersClient, name: str, declaration: Json, person: str) -> Json:
    """The API's answer."""
    body = {"declaration": declaration, "person": person}
    answer: Json = api.call("PUT", f"/systems/{urllib.parse.quote(name, safe='')}", body=body)
    return answer


def declare_there(clients: Clients, environment: str, found: SystemFile, person: str) -> Json:
    """Declare the system in an AWS environment, by its function: the API has no public door."""
    event = {
        "httpMethod": "PUT",
        "resource": "/systems/{system}",
        "path": f"/systems/{found.name}",
        "pathParameters": {"system": found.name},
        "headers": {},
        "requestContext": {},
        "body": json.dumps({"declaration": found.declaration, "person": person}),
    }
    answer = clients.client("lambda").invoke(
        FunctionName=f"mtd-{environment}-call_system:live", Payload=json.dumps(event).encode()
    )
    payload = json.loads(answer["Payload"].read())
    body = {} if answer.get("FunctionError") else json.loads(payload.get("body") or "{}")
    if payload.get("statusCode") != 200:
        reason = body.get("message") or str(payload)[:300]
        raise Problem(f"{found.name} was not declared in {environment}: {reason}", fix="Correct the file.")
    return dict(body)


def _tell_simulator(running: Running, found: SystemFile) -> None:
    url = f"{running.simulator}/control/stubs/{urllib.parse.quote(found.name, safe='')}"
    answer = urllib3.request("PUT", url, json=found.stub(), timeout=10, retries=False)
    if answer.status != 200:
        raise Problem(
            f"The simulator takes no stub of {found.name}: {answer.data.decode(errors='replace')[:200]}",
            fix="Correct the word 'stub' of the file.",
        )
