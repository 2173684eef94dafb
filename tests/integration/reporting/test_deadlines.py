"""Figures, early warnings and the reconciliation of tax documents, against the running system."""

import json
from typing import Any

from tests.integration.system import Json, System, until
from tests.support.dte_files import dte
from tests.support.orders import OrderFile


def delivered(system: System, number: str) -> None:
    system.put(OrderFile(number=number, gift_card=None).xml(), f"{number}.xml")
    system.ended(number, "completed")


def test_figures_are_those_of_the_orders_and_a_second_run_changes_nothing(system: System, number: str) -> None:
    delivered(system, number)
    [order] = system.sql("select received_at, seller_id, currency, total from orders where number = %s", number)
    bound = (
        "select since, received, completed, exceptions, amount, promised, kept from order_figures "
        "where tenant = 'main' and grain = %s and seller_id = %s and currency = %s and since <= %s "
        "order by since desc limit 1"
    )

    def figures() -> Json:
        counted = system.invoke("summarise_orders", {"horizon_seconds": 0})
        assert counted["events"] >= 0
        whose = (order["seller_id"], order["currency"], order["received_at"])
        return {grain: system.sql(bound, grain, *whose) for grain in ("hour", "day")}

    def exact(found: Json) -> bool:
        hour = found["hour"][0]["since"] if found["hour"] else None
        [row] = system.sql(
            "select count(*) as received, count(*) filter (where outcome = 'completed') as completed, "
            "sum(total) as amount from orders "
            "where tenant = 'main' and seller_id = %s and currency = %s and received_at >= %s "
            "and received_at < %s + interval '1 hour'",
            order["seller_id"],
            order["currency"],
            hour,
            hour,
        )
        return bool(hour) and all(found["hour"][0][name] == row[name] for name in row) and row["completed"] > 0

    # Others' orders go on beside this one: at some moment nothing has happened since the figures were taken.
    found = until(figures, exact)
    assert found["day"][0]["received"] >= found["hour"][0]["received"]
    states = system.sql(
        "select state, sum(passed) as passed from state_figures where grain = 'hour' and process = 'purchase-order' "
        "group by state"
    )
    assert {"validation", "allocation", "emission_dte", "dispatch"} <= {row["state"] for row in states}
    measures = system.sql(
        "select measure, min(bucket_seconds(bucket)) as least, max(bucket_seconds(bucket)) as most from time_figures "
        "where process = 'purchase-order' group by measure"
    )
    assert {row["measure"] for row in measures} == {"in_state", "remaining", "whole"}
    assert all(0 < row["least"] <= row["most"] < 3_600 for row in measures)
    [remaining] = system.sql(
        "select p50, p90 from remaining_times "
        "where tenant = 'main' and process = 'purchase-order' and state = 'allocation'"
    )
    assert remaining["p50"] <= remaining["p90"]


def test_an_order_that_will_be_late_gets_one_warning(system: System, number: str) -> None:
    """It stands at a state that fails and waits; its promise ended yesterday."""
    sqs, sns = system.aws("sqs"), system.aws("sns")
    topic = next(t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith("-warnings"))
    url = sqs.create_queue(QueueName=f"late-{number}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    system.fault("eom", number, error_rate=1)
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    until(lambda: system.order(number), lambda order: order.get("state") == "allocation")
    suspended = {"action": "suspend", "numbers": [number], "person": "ana", "reason": "to look at it"}
    assert system.call("POST", "/operations", suspended)[0] == 200
    system.sql("update orders set promised_on = current_date - 2 where number = %s", number)

    for _ in range(2):
        assert "warnings" in system.invoke("watch_deadlines", {})
    mine = [each for each in all_warnings(system) if each["number"] == number]
    assert [(each["kind"], each["state"], each["acknowledged_by"]) for each in mine] == [
        ("promise", "allocation", None)
    ]
    warnings = [each for message in received(sqs, url) for each in message["warnings"] if each["number"] == number]
    assert [each["warning_id"] for each in warnings] == [mine[0]["warning_id"]]

    path = f"/warnings/{mine[0]['warning_id']}/acknowledge"
    assert system.call("POST", path, {"person": "ana"})[0] == 200
    assert system.call("POST", path, {"person": "berta"})[0] == 404
    assert number not in {each["number"] for each in all_warnings(system)}
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)
    system.heal("eom", number)


def all_warnings(system: System) -> list[Json]:
    page = system.get("/warnings")
    rows: list[Json] = page["warnings"]
    while page["next"]:
        page = system.get(f"/warnings?after={page['next']}")
        rows += page["warnings"]
    return rows


def received(sqs: Any, url: str) -> list[Json]:
    found: list[Json] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        found += [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


RAISE = "update tax_documents set amount = amount + %s where order_id = (select order_id from orders where number = %s)"


def test_tax_documents_are_compared_both_ways(system: System, number: str) -> None:
    delivered(system, number)
    key = f"{number}-past-mtd"
    system.post_legacy("/paperless/dte", dte(number), key)
    [other] = system.done("paperless", "issue", number)[-1:]
    day = other["result"]["FechaEmision"]
    system.sql(RAISE, 1, number)

    status, answer = system.call("POST", "/dte/reconciliations", {"day": day})

    assert status == 200, answer
    mine = {
        each["kind"]: each for each in answer["differences"] if number in (each["number"], each["key"][: len(number)])
    }
    assert set(mine) == {"missing_here", "amount"}, answer["differences"]
    assert (mine["missing_here"]["theirs"]["folio"], mine["missing_here"]["ours"]) == (other["result"]["Folio"], None)
    assert answer["reconciliations"][0]["folios"][0]["left"] > 0

    path = f"/dte/differences/{mine['missing_here']['difference_id']}/resolve"
    assert system.call("POST", path, {"person": "ana"})[0] == 400
    assert system.call("POST", path, {"person": "ana", "note": "cancelled by a credit note"})[0] == 200
    system.sql(RAISE, -1, number)
    again = system.call("POST", "/dte/reconciliations", {"day": day})[1]["differences"]
    after = {
        each["kind"]: each["status"]
        for each in again
        if each["difference_id"] in {each["difference_id"] for each in mine.values()}
    }
    assert after == {"missing_here": "resolved", "amount": "gone"}
    assert system.call("POST", "/dte/reconciliations", {"day": "2020-01-01"})[0] == 400
