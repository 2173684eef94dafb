"""People's actions on failed and moving orders, against the running system."""

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mtd.domain.orders import ubl
from mtd.domain.orders.order import to_json
from tests.integration.system import Json, System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.dte_files import dte
from tests.support.orders import OrderFile

PERSON = {"person": "ana", "reason": "as the customer asked"}


def operate(system: System, action: str, *numbers: str, **more: Any) -> Json:
    """An operation at its end."""
    named: Json = {"numbers": list(numbers)} if numbers else {}
    status, operation = system.call("POST", "/operations", {"action": action, **named, **PERSON, **more})
    assert status == 200, operation
    return ended(system, operation)


def ended(system: System, operation: Json) -> Json:
    path = f"/operations/{operation['operation_id']}"
    return until(lambda: system.get(path), lambda found: found["status"] != "running")


def result(operation: Json) -> tuple[str, str | None]:
    [item] = operation["items"]
    return item["status"], item["code"]


def failed_at(system: System, number: str, name: str, code: str = "blocked", **order: Any) -> str:
    """An order that a legacy system has refused; its exception's reason."""
    system.fault(name, number, refusal_rate=1, refusal_code=code, refusal_message="not today")
    system.put(OrderFile(number=number, **order).xml(), f"{number}.xml")
    reason: str = system.ended(number, "exception")["reason"]
    return reason


def incidents(system: System, number: str) -> list[Json]:
    return system.sql(
        "select i.* from incidents i join orders o using (order_id) where o.number = %s order by i.incident_id", number
    )


def done(system: System, number: str) -> dict[str, int]:
    """How often each effect was made for the order."""
    made = [
        ("gift_card", "redeem"),
        ("gift_card", "reverse"),
        ("eom", "allocate"),
        ("eom", "ship"),
        ("eom", "cancel"),
        ("paperless", "issue"),
        ("sales_support", "open"),
    ]
    return {operation: len(system.done(name, operation, number)) for name, operation in made}


def test_a_retried_order_goes_on_where_it_failed(system: System, number: str) -> None:
    failed_at(system, number, "sales_support")
    [incident] = incidents(system, number)
    assert (incident["kind"], incident["attempts"], incident["stood"]["goes_on"]) == ("refused", 1, False)
    assert incident["payload"]["path"] == "/cases"
    assert incident["payload"]["body"]["order"] == number
    system.heal("sales_support", number)

    operation = operate(system, "retry", number)
    order = system.ended(number, "completed")

    assert (operation["status"], result(operation)) == ("finished", ("done", None))
    assert {name: n for name, n in done(system, number).items() if n} == {
        "allocate": 1,
        "ship": 1,
        "issue": 1,
        "open": 1,
    }
    [incident] = incidents(system, number)
    assert (incident["resolved_by"], incident["resolution"], incident["resolution_reason"]) == (
        "ana",
        "retry",
        "as the customer asked",
    )
    assert any(event["what"].startswith("retry: by ana, reason as the customer asked") for event in order["events"])
    assert result(operate(system, "retry", number)) == ("refused", "order_ended")


def test_a_folio_of_unknown_fate_is_found_again_by_a_retry(system: System, number: str) -> None:
    system.fault("paperless", number, refusal_rate=1, refusal_code="ENV-3-0")
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "exception")
    # It was issued after all, and its answer was lost: the key is all that tells.
    [row] = system.sql("select order_id from orders where number = %s", number)
    system.heal("paperless", number)
    issue_by_hand(system, f"{row['order_id']}:dte", number)

    operate(system, "retry", number)
    order = system.ended(number, "completed")

    [issued] = system.done("paperless", "issue", number)
    assert order["orders"][0]["tax_document"]["folio"] == issued["result"]["Folio"]
    assert any(event["what"] == "DTE recovered" for event in order["events"])


def issue_by_hand(system: System, key: str, number: str) -> None:
    system.post_legacy("/paperless/dte", dte(number, total=23_800), key)


def test_a_corrected_gift_card_is_charged_once(system: System, number: str) -> None:
    card = f"GC-{number}"
    system.set_card(card, "100000")
    system.put(OrderFile(number=number, gift_card="4111111111111111").xml(), f"{number}.xml")
    system.ended(number, "exception")

    wrong = operate(system, "correct", number, document={"number": "other"})
    nonsense = operate(system, "correct", number, document={"lines": []})
    operation = operate(system, "correct", number, document={"gift_card": card, "buyer": {"email": "new@example.com"}})
    system.ended(number, "completed")

    assert (result(wrong), result(nonsense), result(operation)) == (
        ("refused", "identity_changed"),
        ("refused", "no_lines"),
        ("done", None),
    )
    assert system.card(card)["balance"] == "76200"
    assert done(system, number)["redeem"] == 1
    [event] = system.sql(
        "select detail from events join orders using (order_id) where number = %s and what = 'correct'", number
    )
    assert event["detail"]["old"]["gift_card"] == "4111111111111111"
    assert event["detail"]["new"]["gift_card"] == card


def test_a_correction_must_not_contradict_what_is_done(system: System, number: str) -> None:
    failed_at(system, number, "sales_support")
    [row] = system.sql("select document from orders where number = %s", number)
    lines = [{**row["document"]["lines"][0], "quantity": "1"}, *row["document"]["lines"][1:]]

    refused = operate(system, "correct", number, document={"lines": lines, "totals": {}})
    taken = operate(system, "correct", number, document={"buyer": {"email": "right@example.com"}})

    assert (result(refused), result(taken)) == (("refused", "dte_made"), ("done", None))
    assert system.order(number)["state"] != "completed"


def test_a_step_is_skipped_and_an_order_moved_back_repeats_nothing(system: System, number: str) -> None:
    failed_at(system, number, "sales_support")

    nowhere = operate(system, "move", number, node="nowhere")
    gateway = operate(system, "move", number, node="control_error")
    moved = operate(system, "move", number, node="allocation")
    system.ended(number, "exception")
    skipped = operate(system, "skip", number)
    system.ended(number, "completed")

    assert (result(nowhere), result(gateway)) == (("refused", "no_such_node"), ("refused", "cannot_move"))
    assert (result(moved), result(skipped)) == (("done", None), ("done", None))
    assert {name: n for name, n in done(system, number).items() if n} == {"allocate": 1, "ship": 1, "issue": 1}


def test_a_suspended_order_keeps_its_place_until_it_is_resumed(system: System, number: str) -> None:
    system.fault("eom", number, outage=True, times=4)
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    until(lambda: system.order(number), lambda order: order.get("state") == "allocation")

    assert result(operate(system, "suspend", number))[0] == "done"
    system.heal("eom", number)
    system.invoke("relay_outbox", {"forgotten_seconds": 0})
    with pytest.raises(AssertionError):
        system.ended(number, "completed", 1.5)
    assert system.order(number)["state"] == "allocation"
    assert result(operate(system, "suspend", number)) == ("refused", "order_suspended")
    assert result(operate(system, "resume", number))[0] == "done"
    system.ended(number, "completed")

    assert done(system, number)["allocate"] == 1


def test_a_cancelled_order_has_all_undone_once(system: System, number: str) -> None:
    card = f"GC-{number}"
    system.set_card(card, "100000")
    failed_at(system, number, "sales_support", gift_card=card)
    assert system.card(card)["balance"] == "76200"

    tried = operate(system, "cancel", number, dry_run=True)
    assert system.order(number)["state"] == "exception"
    operation = operate(system, "cancel", number)
    order = system.ended(number, "cancelled")

    assert (result(tried), result(operation)) == (("done", None), ("done", None))
    assert tried["items"][0]["message"].startswith("would be cancelled")
    assert order["reason"] == "cancelled by ana: as the customer asked"
    assert system.card(card) == {"balance": "100000", "available": "100000"}
    counts = done(system, number)
    assert (counts["reverse"], counts["cancel"], counts["issue"]) == (1, 1, 2)
    [note] = system.sql("select n.* from credit_notes n join orders o using (order_id) where o.number = %s", number)
    assert (note["document_type"], note["refers_to_folio"]) == (61, order["orders"][0]["tax_document"]["folio"])
    assert {result(operate(system, again, number)) for again in ("cancel", "retry")} == {("refused", "order_ended")}


def test_a_cancellation_that_fails_for_good_is_an_exception_that_goes_on_where_it_was(
    system: System, number: str
) -> None:
    card = f"GC-{number}"
    system.set_card(card, "100000")
    failed_at(system, number, "sales_support", gift_card=card)
    system.fault("gift_card", number, refusal_rate=1, refusal_code="card_locked")

    operate(system, "cancel", number)
    order = until(lambda: system.order(number), lambda found: "card_locked" in (found["reason"] or ""))
    elsewhere = operate(system, "move", number, node="allocation")
    system.heal("gift_card", number)
    operate(system, "retry", number)
    system.ended(number, "cancelled")

    assert order["state"] == "exception"
    assert result(elsewhere) == ("refused", "being_cancelled")
    counts = done(system, number)
    assert (counts["reverse"], counts["cancel"], counts["issue"]) == (1, 1, 2)
    assert system.card(card)["balance"] == "100000"


def test_a_shipped_order_cannot_be_cancelled(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")

    assert result(operate(system, "cancel", number)) == ("refused", "order_ended")


def test_a_cause_is_retried_canary_first_and_stops_by_itself(system: System) -> None:
    code, numbers = f"code-{uuid.uuid4().hex[:8]}", [f"T-{uuid.uuid4().hex[:12]}" for _ in range(5)]
    for number in numbers:
        system.fault("eom", number, refusal_rate=1, refusal_code=code)
        system.put(OrderFile(number=number).xml(), f"{number}.xml")

    def causes() -> list[Json]:
        return [row for row in system.get("/exceptions")["exceptions"] if row["code"] == code]

    [cause] = until(causes, lambda rows: [row["orders"] for row in rows] == [5])
    assert (cause["source"], cause["state"], set(cause["numbers"])) == ("incident", "allocation", set(numbers))
    chosen = {"fingerprint": cause["fingerprint"]}

    tried = operate(system, "retry", dry_run=True, **chosen)
    assert [tried["counts"][name] for name in ("total", "done", "refused")] == [5, 5, 0]
    assert causes()[0]["orders"] == 5
    stopped = operate(system, "retry", canary=1, stop_at=0.5, **chosen)
    assert (stopped["status"], stopped["counts"]["pending"]) == ("stopped", 4)
    assert "1 of 1 orders failed" in stopped["why"]

    for number in numbers:
        system.heal("eom", number)
    finished = operate(system, "retry", canary=2, rate=20, **chosen)

    assert (finished["status"], finished["counts"]["done"], finished["counts"]["came_back"]) == ("finished", 5, 0)
    for number in numbers:
        system.ended(number, "completed")
    assert causes() == []


def test_what_was_tried_on_a_cause_is_done_to_the_orders_of_the_trial_alone(system: System) -> None:
    code, numbers = f"code-{uuid.uuid4().hex[:8]}", [f"T-{uuid.uuid4().hex[:12]}" for _ in range(5)]

    def fail(*failing: str) -> Json:
        for number in failing:
            system.fault("eom", number, refusal_rate=1, refusal_code=code)
            system.put(OrderFile(number=number).xml(), f"{number}.xml")
        causes: list[Json] = until(
            lambda: [row for row in system.get("/exceptions")["exceptions"] if row["code"] == code],
            lambda rows: [row["orders"] for row in rows] == [numbers.index(failing[-1]) + 1],
        )
        return causes[0]

    cause = fail(*numbers[:3])
    trial = operate(system, "cancel", dry_run=True, fingerprint=cause["fingerprint"])
    fail(*numbers[3:])
    operate(system, "skip", numbers[0])

    done_ = operate(system, "cancel", tried=trial["operation_id"])

    assert {item["number"]: item["code"] for item in done_["items"]} == {
        numbers[0]: "order_changed",
        numbers[1]: None,
        numbers[2]: None,
    }
    for number in numbers[1:3]:
        system.ended(number, "cancelled")
    for number in numbers[3:]:
        assert system.order(number)["state"] == "exception"


def test_of_two_operators_one_is_told_that_the_other_was_first(system: System, number: str) -> None:
    failed_at(system, number, "sales_support")
    system.heal("sales_support", number)

    with ThreadPoolExecutor(4) as pool:
        operations = list(pool.map(lambda _: operate(system, "retry", number), range(4)))
    system.ended(number, "completed")

    results = [result(operation) for operation in operations]
    assert [status for status, _ in results].count("done") == 1
    assert {code for status, code in results if status == "refused"} <= {
        "order_changed",
        "nothing_to_retry",
        "order_ended",
    }
    assert done(system, number)["open"] == 1


def test_an_operation_that_a_crash_left_is_taken_up_by_the_relay(system: System, number: str) -> None:
    failed_at(system, number, "sales_support")
    system.heal("sales_support", number)
    [made] = system.sql(
        "insert into operations (action, person, reason, selection, due_at, leased_until)"
        " values ('retry', 'ana', 'crash', '{}', now() - interval '1 minute', now() - interval '1 second')"
        " returning operation_id"
    )
    system.sql(
        "insert into operation_items (operation_id, position, order_id, number, revision)"
        " select %s, 1, order_id, number, revision from orders where number = %s",
        made["operation_id"],
        number,
    )

    system.invoke("relay_outbox", {})

    assert result(ended(system, made)) == ("done", None)
    system.ended(number, "completed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"action": "retry", "person": "ana", "reason": " ", "numbers": ["x"]}, 400, "reason_missing"),
        ({"action": "retry", "person": "ana", "reason": "r"}, 400, "selection_missing"),
        ({"action": "move", "numbers": ["x"], **PERSON}, 400, "node_missing"),
        ({"action": "correct", "numbers": ["x", "y"], "document": {"a": 1}, **PERSON}, 400, "one_order_only"),
        ({"action": "retry", "numbers": ["no-such-order"], **PERSON}, 404, "order_unknown"),
        ({"action": "retry", "fingerprint": "no-such", **PERSON}, 404, "nothing_selected"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(system: System, body: Json, status: int, code: str) -> None:
    answered, answer = system.call("POST", "/operations", body)

    assert (answered, answer["code"]) == (status, code)


_SEVERAL = """
    start: Order came
    and: Split
    sub: Pack {
        start: Begin to pack
        service: Allocation
        end: Packed
        Begin to pack > Allocation > Packed
    }
    boundary: Packing takes long | on=Pack, time=PT1H
    user: Approve | group=sales
    and: Join
    end: Completed
    end: Late
    Order came > Split > Pack > Join > Completed
    Split > Approve > Join
    Packing takes long > Late
"""


def test_an_order_of_several_tokens_is_put_back_whole(system: System, number: str) -> None:
    process = f"test-{uuid.uuid4().hex[:8]}"
    content = base64.b64encode(bpmn(draw(_SEVERAL, "Test"))).decode()
    answer = system.call("POST", "/processes", {"files": [{"name": f"{process}.bpmn", "content": content}]})[1]
    assert answer["reports"][0]["verdict"] == "ready", answer
    assert system.call("POST", f"/processes/{process}/versions/1/activate")[0] == 200
    system.fault("eom", number, refusal_rate=1, refusal_code="blocked")
    document = to_order(OrderFile(number=number))
    assert system.call("POST", "/orders", {"orders": [{"order": document, "process": process}]})[0] == 200
    system.ended(number, "exception")
    system.heal("eom", number)
    assert result(operate(system, "suspend", number)) == ("refused", "order_ended")

    retried = operate(system, "retry", number)
    until(lambda: done(system, number)["allocate"], bool)

    assert result(retried) == ("done", None)
    tasks = system.get(f"/tasks?number={number}")["tasks"]
    assert [task["node"] for task in tasks] == ["approve"]
    standing = until(lambda: places(system, number), lambda found: ("join", "join") in found)
    assert standing == [("approve", "person"), ("join", "join")]
    assert (
        system.call(
            "POST", f"/tasks/{tasks[0]['task_id']}/complete", {"version": 1, "person": "ana", "groups": ["sales"]}
        )[0]
        == 200
    )
    system.ended(number, "completed")
    assert done(system, number)["allocate"] == 1


def places(system: System, number: str) -> list[tuple[str, str]]:
    rows = system.sql(
        "select node, waits from tokens join orders using (order_id) where number = %s order by node", number
    )
    return [(row["node"], row["waits"]) for row in rows]


def to_order(file: OrderFile) -> Json:
    """The file's order as the API takes it."""
    return to_json(ubl.parse_order(file.xml().encode()))


def test_a_stopped_operation_leaves_the_rest_as_it_is(system: System) -> None:
    numbers = [f"T-{uuid.uuid4().hex[:12]}" for _ in range(3)]
    for number in numbers:
        system.put(OrderFile(number=number, gift_card="4111").xml(), f"{number}.xml")
    for number in numbers:
        system.ended(number, "exception")
    asked = {"action": "cancel", "numbers": numbers, "rate": 0.2, **PERSON}
    started = system.call("POST", "/operations", asked)[1]
    path = f"/operations/{started['operation_id']}"

    stopped = system.call("POST", f"{path}/stop", {"person": "berta"})[1]

    assert (started["status"], started["counts"]["done"], started["counts"]["pending"]) == ("running", 1, 2)
    assert (stopped["status"], stopped["why"], stopped["counts"]["pending"]) == ("stopped", "stopped by berta", 2)
    assert system.call("POST", "/operations/999999999/stop", {"person": "berta"})[0] == 404


def test_waiting_orders_stand_in_the_same_queue(system: System, number: str) -> None:
    system.sql(
        "insert into waiting_orders (message_id, number, reason) values (%s, %s, 'ten receives')", number, number
    )
    try:
        [waiting] = [row for row in system.get("/exceptions")["exceptions"] if row["source"] == "waiting"]
    finally:
        system.sql("delete from waiting_orders where message_id = %s", number)

    assert number in waiting["numbers"]
    assert (waiting["fingerprint"], waiting["state"]) == ("waiting", "waiting")
