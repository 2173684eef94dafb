"""The same order twice, and another one under its number."""

from tests.integration.system import System, until
from tests.support.orders import OrderFile


def test_the_same_order_twice_is_registered_once(system: System, number: str) -> None:
    content = OrderFile(number=number).xml()
    system.put(content, f"{number}.xml")
    system.ended(number, "completed")

    system.put(content.replace("><", ">\n<"), f"{number}-again.xml")

    def events() -> list[str]:
        return [event["what"] for event in system.order(number)["events"]]

    until(events, lambda whats: any("received again" in what for what in whats))
    assert len(system.rows(number)) == 1
    assert len(system.done("paperless", "issue", number)) == 1
    assert len(until(lambda: system.mails(number), bool)) == 1


def test_ten_copies_at_once_are_one_order(system: System, number: str) -> None:
    content = OrderFile(number=number).xml()
    for i in range(10):
        system.put(content, f"{number}-{i}.xml")

    system.ended(number, "completed")

    assert len(system.rows(number)) == 1
    assert len(system.done("paperless", "issue", number)) == 1


def test_other_content_under_a_taken_number_is_an_exception_that_shows_both(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")

    system.put(OrderFile(number=number, buyer_name="Otra Persona").xml(), f"{number}-other.xml")

    rows = until(lambda: system.rows(number), lambda rows: len(rows) == 2)
    assert sorted(row["state"] for row in rows) == ["completed", "exception"]
    first, other = system.order(number)["orders"]
    assert other["conflicts_with"] == first["order_id"]
    assert first["order_id"] in other["reason"]
    assert len(system.done("paperless", "issue", number)) == 1


def test_files_written_over_each_other_are_all_read(system: System, number: str) -> None:
    numbers = [f"{number}-{i}" for i in range(5)]
    for each in numbers:
        system.put(OrderFile(number=each).xml(), f"{number}.xml")

    for each in numbers:
        system.ended(each, "completed")


def test_the_number_of_another_seller_is_another_order(system: System, number: str) -> None:
    system.put(OrderFile(number=number, seller_id="A").xml(), f"{number}-a.xml")
    system.put(OrderFile(number=number, seller_id="B").xml(), f"{number}-b.xml")

    rows = until(
        lambda: system.rows(number),
        lambda rows: [row["state"] for row in rows] == ["completed", "completed"],
    )

    assert len(rows) == 2
