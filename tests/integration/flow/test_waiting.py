"""Ten failed receives, the waiting queue, and the push by hand."""

import json

from mtd.domain.orders import order as orders
from mtd.domain.orders import ubl
from tests.integration.system import System, until
from tests.support.orders import OrderFile


def _send(system: System, message: dict[str, object]) -> None:
    url = system.state["outputs"]["OrdersQueueUrl"]
    system.aws("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(message))


def test_after_ten_receives_an_order_waits_and_a_push_brings_it_home(system: System, number: str) -> None:
    document = orders.to_json(ubl.parse_order(OrderFile(number=number).xml().encode()))
    key = f"large/{number}.json"
    _send(
        system,
        {"source": "test", "number": number, "seller": "S", "reference": {"bucket": system.bucket, "key": key}},
    )

    def waiting() -> list[dict[str, object]]:
        return [entry for entry in system.get("/waiting")["waiting"] if entry["number"] == number]

    [entry] = until(waiting, bool, 120)
    assert "the referenced object is not an order in JSON" in str(entry["reason"])
    [row] = system.rows(number)
    assert (row["state"], row["ended"]) == ("waiting", False)

    system.aws("s3").put_object(Bucket=system.bucket, Key=key, Body=json.dumps(document).encode())
    status, answer = system.call("POST", "/waiting", {"numbers": [number]})

    assert (status, answer) == (200, {"pushed": [number]})
    system.ended(number, "completed")
    assert waiting() == []
    assert [row["state"] for row in system.rows(number)] == ["completed"]


def test_a_message_that_is_no_order_waits_without_holding_up_others(system: System, number: str) -> None:
    _send(system, {"number": number, "nonsense": True})
    system.put(OrderFile(number=f"{number}-good").xml(), f"{number}.xml")

    system.ended(f"{number}-good", "completed")
    until(lambda: system.rows(number), lambda rows: [row["state"] for row in rows] == ["waiting"], 120)


def test_pushing_an_unknown_number_pushes_nothing(system: System, number: str) -> None:
    assert system.call("POST", "/waiting", {"numbers": [number]}) == (200, {"pushed": []})


def test_a_malformed_push_is_refused(system: System) -> None:
    status, _ = system.call("POST", "/waiting", {"numbers": "all"})

    assert status == 400
