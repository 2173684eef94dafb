"""Orders whose process cannot go on: each is an exception that people see, and goes on once they have mended it."""

from tests.integration.operations.test_operating import operate, result
from tests.integration.processes.drawn import active, do, document, tasks
from tests.integration.system import System

_CURRENCIES = """
    start: Came
    xor: Currency?
    user: Check | group=sales
    end: Done
    Came > Currency? >[USD] Check > Done
    Currency? >[EUR] Done
"""
_RULES = {"USD": 'order.currency == "USD"', "EUR": 'order.currency == "EUR"'}


def test_one_of_a_batch_that_cannot_begin_is_an_exception_and_begins_when_it_is_corrected(
    system: System, number: str
) -> None:
    process = active(system, _CURRENCIES, {"flows": _RULES})
    pesos = document(system, number)
    dollars = document(system, f"{number}-usd") | {"currency": "USD"}

    status, answer = system.call(
        "POST", "/orders", {"orders": [{"order": pesos, "process": process}, {"order": dollars, "process": process}]}
    )

    assert (status, [each["status"] for each in answer["results"]]) == (200, ["registered", "registered"])
    tasks(system, f"{number}-usd", "Check")
    order = system.order(number)
    assert (order["state"], "no_flow" in order["reason"]) == ("exception", True)
    [incident] = system.sql(
        "select i.state, i.code, i.resolved_at from incidents i join orders using (order_id) where number = %s", number
    )
    assert incident == {"state": "came", "code": "no_flow", "resolved_at": None}
    assert result(operate(system, "retry", number)) == ("refused", "no_flow")
    assert system.order(number)["state"] == "exception"

    assert result(operate(system, "correct", number, document={"currency": "USD"}))[0] == "done"

    [check] = tasks(system, number, "Check")
    assert do(system, check, "complete")[0] == 200
    system.ended(number, "done")


def test_an_order_begins_at_the_start_event_that_it_names(system: System, number: str) -> None:
    process = active(
        system,
        "start: Came\nstart: By phone\nuser: Check | group=sales\nuser: Call back | group=sales\nend: Done\n"
        "Came > Check > Done\nBy phone > Call back > Check",
        {"start": "Came"},
    )
    entry = {"order": document(system, number), "process": process, "start": "by_phone"}

    assert system.call("POST", "/orders", {"orders": [entry | {"start": "by_fax"}]})[1]["code"] == "no_such_start"
    assert system.call("POST", "/orders", {"orders": [entry]})[0] == 200

    tasks(system, number, "Call back")
