"""/operations, migrations, their queue, POST /states/cancellation, /circuits/{system}: people act on the flow."""

from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.reader import PostgresReader
from mtd.config import config
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.engine.model.plan import CANCELLATION
from mtd.entrypoints import composition, sqs
from mtd.entrypoints.api import ApiEvent, path_parameter, query_parameter
from mtd.entrypoints.people import people_handler, platform_handler
from mtd.entrypoints.requests.circuits import read_change
from mtd.entrypoints.requests.tasks import read_number, read_text
from mtd.entrypoints.requests.transfers import read_new_operation
from mtd.entrypoints.states import run_handler
from mtd.queries.flow.circuits import read_circuit
from mtd.queries.operations.bulk_operations import list_operations, read_operation
from mtd.usecases.flow.effects import StateRun
from mtd.usecases.flow.tokens import TokenReference
from mtd.usecases.operations.bulk_operations import MOST_ORDERS, work_off
from mtd.usecases.operations.cancel_order import CancelOrder, cancel_orders
from mtd.usecases.operations.operate_circuits import change_circuit


def _list_operations(_event: ApiEvent, _body: Json, _context: Any) -> Json:
    return {"operations": list_operations(_reader())}


def _show_operation(event: ApiEvent, _body: Json, _context: Any) -> Json:
    after = read_number(query_parameter(event, "after") or "0")
    return read_operation(_reader(), read_number(path_parameter(event, "operation_id")), after)


def _begin_operation(event: ApiEvent, body: Json, _context: Any) -> Json:
    read, operations, path = _reader(), composition.operations(), event.get("pathParameters") or {}
    new = read_new_operation(path, body, composition.versions().plan, lambda number: read_operation(read, number))
    operation_id, _ = operations.create(new, MOST_ORDERS)
    # This finishes a small operation before the answer. Of a large one it is the first slice.
    work_off(operation_id, operations, composition.legacy_systems(), config().function)
    return read_operation(read, operation_id)


def _stop_operation(event: ApiEvent, body: Json, context: Any) -> Json:
    operation_id, person = read_number(path_parameter(event, "operation_id")), read_text(body, "person", 200)
    if not person:
        raise InvalidRequest("person must be given", code="request_malformed")
    read_operation(_reader(), operation_id)
    composition.operations().stop(operation_id, person)
    return _show_operation(event, body, context)


def _change_circuit(event: ApiEvent, body: Json, _context: Any) -> Json:
    system = path_parameter(event, "system")
    change_circuit(composition.circuits(), system, read_change(body), composition.circuit_settings())
    return read_circuit(_reader(), system, config().circuit_drain_rate)


def _reader() -> PostgresReader:
    return PostgresReader(composition.database())


def _work_off(event: dict[str, Any]) -> dict[str, Any]:
    found, malformed = sqs.sort_out(event["Records"], lambda _, content: read_number(str(content["operation_id"])))
    worked = [
        work_off(each, composition.operations(), composition.legacy_systems(), config().function)
        for each in dict.fromkeys(found)
    ]
    count(config().function, {"slices": sum(worked), "malformed": len(malformed)})
    return sqs.failures(malformed)


def _cancel(references: list[TokenReference], run: StateRun) -> Json:
    effect = CancelOrder(composition.legacy_systems(), composition.tax_settings())
    return cancel_orders(references, effect, composition.flow_store(), composition.circuits(), run)


PEOPLES = {
    "GET /operations": _list_operations,
    "POST /operations": _begin_operation,
    "GET /operations/{operation_id}": _show_operation,
    "POST /operations/{operation_id}/stop": _stop_operation,
    "POST /processes/{process}/migrations": _begin_operation,
}
PLATFORMS = {"POST /circuits/{system}": _change_circuit}
CANCELLATION_ROUTE = f"POST /states/{CANCELLATION}"
ROUTES = {**PEOPLES, **PLATFORMS, CANCELLATION_ROUTE: _cancel}

_people, _platform, _state = people_handler(PEOPLES), platform_handler(PLATFORMS), run_handler(_cancel, parallel=8)


def handler(event: dict[str, Any], context: Any) -> Any:
    if "Records" in event:
        return _work_off(event)
    route = f"{event['httpMethod']} {event['resource']}"
    served = _state if route == CANCELLATION_ROUTE else _platform if route in PLATFORMS else _people
    return served(event, context)
