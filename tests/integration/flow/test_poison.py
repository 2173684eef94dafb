"""Orders that cannot go on must not keep the others of their batch from it."""

import threading

from tests.integration.system import System, until
from tests.support.orders import OrderFile


def _tokens_at(system: System, numbers: list[str], node: str) -> list[dict[str, int]]:
    """Orders that rest at the node: their functions are told of them by the test alone."""
    for number in numbers:
        system.put(OrderFile(number=number).xml(), f"{number}.xml")
        system.ended(number, "completed")
    system.broken_by_hand(*numbers)
    system.sql("update orders set outcome = null, ended_at = null where number = any(%s)", numbers)
    return system.sql(
        "insert into tokens (order_id, node) select order_id, %s from orders where number = any(%s)"
        " returning token_id, version",
        node,
        numbers,
    )


def test_an_unreadable_order_is_set_aside_and_its_batch_goes_on(system: System, number: str) -> None:
    bad, good = f"{number}-bad", f"{number}-good"
    tokens = _tokens_at(system, [bad, good], "completion")
    system.sql("update orders set document = document - 'lines' where number = %s", bad)

    status, answer = system.call("POST", "/states/completion", {"tokens": tokens})

    assert (status, answer["done"]) == (200, 1)
    assert system.order(good)["state"] == "completed"
    assert "order_unreadable" in system.ended(bad, "exception")["reason"]


def test_a_folio_that_another_order_has_fails_alone(system: System, number: str) -> None:
    bad, good, other = f"{number}-bad", f"{number}-good", f"{number}-other"
    system.put(OrderFile(number=other).xml(), f"{other}.xml")
    system.ended(other, "completed")
    tokens = _tokens_at(system, [bad, good], "emission_dte")
    ids = "(select order_id from orders where number = %s)"
    # The other order has the folio that Paperless answers for this one.
    [issued] = system.sql(f"delete from tax_documents where order_id = {ids} returning document_type, folio", bad)
    system.sql(
        f"update tax_documents set document_type = %s, folio = %s where order_id = {ids}",
        issued["document_type"],
        issued["folio"],
        other,
    )

    status, answer = system.call("POST", "/states/emission_dte", {"tokens": tokens})

    assert (status, answer["done"], answer["failed"]) == (200, 1, 1)
    system.ended(good, "completed")
    assert "unstorable" in system.ended(bad, "exception")["reason"]


def test_batches_of_the_same_orders_in_another_order_never_wait_for_each_other(system: System, number: str) -> None:
    numbers = [f"{number}-{i}" for i in range(60)]
    model = f"{number}-model"
    system.put(OrderFile(number=model).xml(), f"{model}.xml")
    until(lambda: system.order(model), bool)
    [row] = system.sql("select document from orders where number = %s", model)
    entries = [{"order": {**row["document"], "number": each}} for each in numbers]
    statuses: list[int] = []

    def post(orders: list[dict[str, object]]) -> None:
        statuses.append(system.call("POST", "/orders", {"orders": orders})[0])

    threads = [threading.Thread(target=post, args=(entries[::step],)) for step in (1, -1) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 6
