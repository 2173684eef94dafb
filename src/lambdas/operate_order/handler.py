"""/operations, migrations, their queue, POST /states/cancellation, /circuits/{system}: what people do to the flow."""

from typing import Any

from mtd.adapters.aws.metrics import count
from mtd.adapters.postgres.reader import PostgresReader
from mtd.config import config
from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.engine.model.plan import CANCELLATION
from mtd.entrypoints import composition, sqs
from mtd.entrypoints.api import ApiEvent, query_parameter
from mtd.entrypoints.people import people_handler, platform_handler
from mtd.entrypoints.requests.circuits import read_change
from mtd.entrypoints.requests.tasks import read_number, read_text
from mtd.entrypoints.requests.transfers import read_new_operation
from mtd.entrypoints.states import run_handler
from mtd.queries.flow.circuits import read_circuit
from mtd.queries.operations.bulk_operations import list_operations, read_operation
from mtd.usecases.operations.bulk_operations import MOST_ORDERS, work_off
from mtd.usecases.operations.cancel_order import CancelOrder, cancel_orders
from mtd.usecases.operations.operate_circuits import change_circuit


def handler(event: dict[str, Any], context: Any) -> Any:
    if "Records" in event:
        return _work_off(event)
    return _BY_RESOURCE.get(event["resource"], _api)(event, context)


def _change_circuit(event: ApiEvent, body: Json, _context: Any) -> Json:
    system = (event.get("pathParameters") or {})["system"]
    change_circuit(composition.circuits(), system, read_change(body), composition.circuit_settings())
    return read_circuit(PostgresReader(composition.database()), system, config().circuit_drain_rate)


def _serve(event: ApiEvent, body: Json, _context: Any) -> Json:
    read, operations = PostgresReader(composition.database()), composition.operations()
    path = event.get("pathParameters") or {}
    if "operation_id" in path:
        operation_id = read_number(path["operation_id"])
        if event["httpMethod"] == "POST":
            person = read_text(body, "person", 200)
            if not person:
                raise InvalidRequest("person must be given", code="request_malformed")
            read_operation(read, operation_id)
            operations.stop(operation_id, person)
        return read_operation(read, operation_id, read_number(query_parameter(event, "after") or "0"))
    if event["httpMethod"] == "GET":
        return {"operations": list_operations(read)}
    new = read_new_operation(path, body, composition.versions().plan, lambda number: read_operation(read, number))
    operation_id, _ = operations.create(new, MOST_ORDERS)
    # A small one is done when its caller is answered; of a large one this is the first slice.
    work_off(operation_id, operations, composition.legacy_systems(), config().function)
    return read_operation(read, operation_id)


def _work_off(event: dict[str, Any]) -> dict[str, Any]:
    found, malformed = sqs.sort_out(event["Records"], lambda _, content: read_number(str(content["operation_id"])))
    worked = [
        work_off(each, composition.operations(), composition.legacy_systems(), config().function)
        for each in dict.fromkeys(found)
    ]
    count(config().function, {"slices": sum(worked), "malformed": len(malformed)})
    return sqs.failures(malformed)


_api = people_handler(_serve)
_cancel = run_handler(
    lambda references, run: cancel_orders(
        references, CancelOrder(composition.legacy_systems(), composition.tax_settings()), composition.flow_store(), run
    ),
    parallel=8,
)
_BY_RESOURCE = {f"/states/{CANCELLATION}": _cancel, "/circuits/{system}": platform_handler(_change_circuit)}
