"""Messages that come early, twice or by a rule, and signals from outside."""

import uuid

from tests.integration.processes.drawn import active, do, start, tasks
from tests.integration.system import Json, System, until

_EARLY = """
    start: Came
    user: Check | group=sales
    catch: Paid | message=paid
    end: Done
    Came > Check > Paid > Done
"""


def _values(system: System, number: str) -> Json:
    [row] = system.sql("select data from orders where number = %s", number)
    return dict(row["data"])


def test_a_message_that_comes_early_passes_the_order_on_when_it_waits(system: System, number: str) -> None:
    process = active(system, _EARLY)
    assert start(system, number, process)[0] == 200
    [check] = tasks(system, number, "Check")
    sent = {"message": "paid", "values": {"receipt": 7}, "id": "m-1"}

    status, answer = system.call("POST", f"/orders/{number}/messages", sent)
    assert (status, answer["orders"]) == (200, [])
    assert answer["kept_until"] > "2"
    assert system.call("POST", f"/orders/{number}/messages", sent)[1] == {"orders": [], "duplicate": True}
    assert system.call("POST", f"/orders/{number}/messages", {"message": "refunded"})[0] == 404
    assert do(system, check, "complete")[0] == 200

    order = system.ended(number, "done")

    assert _values(system, number) == {"receipt": 7}
    assert any(event["what"].startswith("message received") for event in order["events"])
    [row] = system.sql("select data, taken_at is not null as taken from messages where number = %s", number)
    assert row == {"data": {}, "taken": True}
    assert system.call("POST", f"/orders/{number}/messages", sent)[1]["duplicate"]
    # The order has ended: nothing of it will ever wait for another one.
    assert system.call("POST", f"/orders/{number}/messages", {"message": "paid"})[1]["code"] == "nothing_waits"


def test_a_message_may_come_before_its_order(system: System, number: str) -> None:
    process = active(system, "start: Came\ncatch: Paid | message=paid\nend: Done\nCame > Paid > Done")
    sent = {"message": "paid", "values": {"receipt": 7}, "ttl": "PT10M"}
    assert system.call("POST", f"/orders/{number}/messages", sent)[0] == 200

    assert start(system, number, process)[0] == 200

    system.ended(number, "done")
    assert _values(system, number) == {"receipt": 7}


def test_the_relay_wakes_an_order_that_was_suspended_and_expires_what_nobody_took(system: System, number: str) -> None:
    process = active(system, _EARLY)
    assert start(system, number, process)[0] == 200
    [check] = tasks(system, number, "Check")
    assert system.call("POST", f"/orders/{number}/messages", {"message": "paid", "id": "late"})[0] == 200
    system.sql("update messages set expires_at = now() where number = %s", number)
    system.invoke("relay_outbox", {})
    assert system.sql("select 1 from messages where number = %s", number) == []
    assert any(event["what"].startswith("message expired") for event in system.order(number)["events"])

    # As if the order had come to wait while the message was written: neither saw the other.
    assert do(system, check, "complete")[0] == 200
    until(lambda: system.order(number)["state"], lambda state: state == "paid")
    system.sql(
        "insert into messages (kind, name, number, received_at, expires_at) "
        "values ('message', 'paid', %s, now() - interval '1 minute', now() + interval '1 hour')",
        number,
    )
    system.invoke("relay_outbox", {})

    system.ended(number, "done")


def test_a_rule_finds_the_order_of_a_message_and_a_signal_moves_all_that_wait(system: System, number: str) -> None:
    signal = f"open-{uuid.uuid4().hex[:8]}"
    process = active(
        system,
        "start: Came\nuser: Invoice | group=sales\ncatch: Paid | message=paid\n"
        f"catch: Opened | signal={signal}\nend: Done\nCame > Invoice > Paid > Opened > Done",
    )
    both = [f"{number}-{each}" for each in "ab"]
    for each in both:
        assert start(system, each, process)[0] == 200
        [invoice] = tasks(system, each, "Invoice")
        assert do(system, invoice, "complete", values={"invoice": f"F-{each}"})[0] == 200
    paid = {"message": "paid", "when": f'data.invoice == "F-{both[1]}"'}

    status, answer = system.call("POST", "/messages", paid)

    assert (status, len(answer["orders"])) == (200, 1)
    until(lambda: system.order(both[1])["state"], lambda state: state == "opened")
    assert system.order(both[0])["state"] == "paid"
    assert system.call("POST", "/messages", {"message": "paid", "when": "order.nothing"})[1]["code"] == "rule_malformed"

    assert system.call("POST", "/signals", {"signal": signal, "values": {"by": "shop"}, "id": "s"})[1] == {"orders": 1}

    system.ended(both[1], "done")
    assert _values(system, both[1])["by"] == "shop"
    assert system.call("POST", "/signals", {"signal": signal, "id": "s"})[1] == {"orders": 1, "duplicate": True}
