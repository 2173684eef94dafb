"""/systems: connected systems are called for orders, declared, listed and tried. /work: their workers' tasks."""

from typing import Any

from mtd.adapters.postgres.reader import PostgresReader
from mtd.config import config
from mtd.domain.json_types import Json
from mtd.entrypoints import composition
from mtd.entrypoints.api import ApiEvent, path_parameter
from mtd.entrypoints.people import people_handler, platform_handler
from mtd.entrypoints.requests.trials import read_trial
from mtd.entrypoints.requests.work import read_lease, read_report
from mtd.entrypoints.states import circuit_of, system_handler
from mtd.queries.systems.systems import list_systems
from mtd.usecases.flow.effects import StateRun
from mtd.usecases.flow.tokens import TokenReference
from mtd.usecases.systems.call_system import call_system
from mtd.usecases.systems.declare_system import declare_system
from mtd.usecases.systems.try_system import try_system
from mtd.usecases.systems.work import lease_work, report_work

_MOST_SECONDS = 26.0
"""The function has 29 s: its commit needs some of them."""


def _call(event: ApiEvent, references: list[TokenReference], run: StateRun) -> Json:
    system = composition.systems().system(path_parameter(event, "system"))
    return call_system(
        system,
        references,
        composition.system_connection(),
        composition.own_services(),
        composition.systems(),
        composition.flow_store(),
        run,
        circuit_of(system.name),
        # A batch that outlives its lease would be called a second time.
        min(_MOST_SECONDS, config().lease_seconds * 0.9),
    )


def _work(event: ApiEvent, body: Json, context: Any) -> Json:
    """A worker asks for tasks, or reports on one."""
    action = path_parameter(event, "action")
    system = composition.systems().system(path_parameter(event, "system"))
    run = StateRun(
        function=config().function, request_id=context.aws_request_id, retry_base_seconds=config().retry_base_seconds
    )
    if action == "lease":
        return lease_work(system, read_lease(body, system), composition.work(), composition.flow_store(), run)
    return report_work(system, read_report(action, body), composition.work(), composition.flow_store(), run)


def _list(_event: ApiEvent, _body: Json, _context: Any) -> Json:
    return {"systems": list_systems(PostgresReader(composition.database()))}


def _declare(event: ApiEvent, body: Json, _context: Any) -> Json:
    return declare_system(
        path_parameter(event, "system"),
        body.get("declaration"),
        body.get("person"),
        composition.systems(),
        composition.system_addresses(),
        composition.forms(),
    )


def _try(event: ApiEvent, body: Json, _context: Any) -> Json:
    system = composition.systems().system(path_parameter(event, "system"))
    asked = read_trial(body, composition.versions(), PostgresReader(composition.database()))
    return try_system(system, asked.task, asked.plan, asked.order, asked.values, composition.system_connection())


PEOPLES = {"GET /systems": _list}
PLATFORMS = {
    "PUT /systems/{system}": _declare,
    "POST /systems/{system}/try": _try,
    "POST /work/{system}/{action}": _work,
}
CALL_ROUTE = "POST /systems/{system}"
ROUTES = {**PEOPLES, **PLATFORMS, CALL_ROUTE: _call}

_people, _platform, _system = people_handler(PEOPLES), platform_handler(PLATFORMS), system_handler(_call)


def handler(event: dict[str, Any], context: Any) -> Any:
    route = f"{event['httpMethod']} {event['resource']}"
    served = _system if route == CALL_ROUTE else _platform if route in PLATFORMS else _people
    return served(event, context)
