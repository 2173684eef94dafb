import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from tests.support.orders import OrderFile
from tests.unit.support.fakes import FakeApi, FakeObjects, FakeQueues, FakeTenants

from mtd.domain.errors import MtdError, RetryableError, UnavailableError
from mtd.domain.json_types import Json
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.usecases.flow.trace import hop
from mtd.usecases.intake.inbox_file import InboxFile
from mtd.usecases.intake.push_waiting import list_waiting, push_waiting
from mtd.usecases.intake.read_queue import FailedMessage, OrderMessage, read_queue, waiting_orders
from mtd.usecases.intake.receive_order import receive_order
from mtd.usecases.intake.rejected_files import RejectedFile
from mtd.usecases.intake.waiting_order import WaitingOrder, waiting_order
from mtd.usecases.ports import QueueMessage

HERE = hop("Lambda", "f")
TENANTS = FakeTenants("andes")


@dataclass(slots=True)
class Rejected:
    files: list[RejectedFile] = field(default_factory=list)

    def record(self, files: Sequence[RejectedFile]) -> None:
        self.files += files


@dataclass(slots=True)
class Rows:
    orders: list[WaitingOrder] = field(default_factory=list)
    pushed: list[str] = field(default_factory=list)

    def record(self, orders: Sequence[WaitingOrder]) -> None:
        self.orders += orders

    def reasons(self) -> dict[str, str]:
        return {order.message_id: order.reason for order in self.orders}

    def mark_pushed(self, message_ids: Sequence[str]) -> None:
        self.pushed += message_ids

    def close_gone(self, there: Sequence[str]) -> None:
        self.orders = [order for order in self.orders if order.message_id in there]


def arrival(key: str, size: int = 1) -> InboxFile:
    return InboxFile(message_id="m", bucket="b", key=key, size=size, hops=(hop("S3", "object created"),))


def test_readable_orders_go_on_and_the_others_are_kept_with_their_reason() -> None:
    objects = FakeObjects({"orders/a.xml": OrderFile(number="A").xml().encode(), "orders/b.xml": b"<broken"})
    queues, rejections = FakeQueues(), Rejected()

    receive_order([arrival("orders/a.xml"), arrival("orders/b.xml")], objects, queues, rejections, TENANTS, HERE)

    [(destination, body)] = queues.sent
    message = json.loads(body)
    assert (destination, message["number"], message["source"]) == ("orders", "A", "s3://b/orders/a.xml")
    assert [hop["source"] for hop in message["hops"]] == ["S3", "Lambda"]
    [rejected] = rejections.files
    assert (rejected.source, rejected.code) == ("s3://b/orders/b.xml", "not_xml")
    assert objects.content["rejected/orders/b.xml"] == b"<broken"
    assert json.loads(objects.content["rejected/orders/b.xml.reason.json"])["code"] == "not_xml"


def test_a_large_file_is_refused_unread() -> None:
    objects, rejections = FakeObjects({"orders/a.xml": b"never read as XML"}), Rejected()

    receive_order([arrival("orders/a.xml", 60 * 2**20)], objects, FakeQueues(), rejections, TENANTS, HERE)

    assert rejections.files[0].code == "too_large"


def test_a_file_that_vanished_leaves_a_row() -> None:
    rejections = Rejected()

    receive_order([arrival("orders/gone.xml")], FakeObjects(), FakeQueues(), rejections, TENANTS, HERE)

    assert rejections.files[0].code == "vanished"


def test_the_objects_version_of_the_event_counts() -> None:
    files = {version: OrderFile(number=version).xml().encode() for version in ("first", "second")}
    objects = FakeObjects({"orders/a.xml": files["second"]}, {("orders/a.xml", v): f for v, f in files.items()})
    queues = FakeQueues()

    receive_order(
        [replace(arrival("orders/a.xml"), version=v) for v in files], objects, queues, Rejected(), TENANTS, HERE
    )

    assert [json.loads(body)["number"] for _, body, *_ in queues.sent] == ["first", "second"]


def test_a_rejected_file_is_kept_as_it_was_put() -> None:
    objects = FakeObjects({"orders/a.xml": b"<later/>"}, {("orders/a.xml", "v1"): b"<broken"})

    receive_order([replace(arrival("orders/a.xml"), version="v1")], objects, FakeQueues(), Rejected(), TENANTS, HERE)

    assert objects.content["rejected/orders/a.xml"] == b"<broken"


class Broken(FakeObjects):
    def get(self, bucket: str, key: str, version: str | None = None) -> bytes:
        if "broken" in key:
            raise UnavailableError("access denied")
        return super().get(bucket, key, version)


def test_a_file_that_s3_does_not_give_comes_again_alone() -> None:
    objects = Broken({"orders/a.xml": OrderFile(number="A").xml().encode()})
    broken = replace(arrival("orders/broken.xml"), message_id="broken")
    queues, rejections = FakeQueues(), Rejected()

    assert receive_order([broken, arrival("orders/a.xml")], objects, queues, rejections, TENANTS, HERE) == ["broken"]
    assert len(queues.sent) == 1
    assert rejections.files == []


def test_a_rejected_file_is_kept_under_a_key_that_s3_takes() -> None:
    key = "orders/" + "ñ" * 508
    objects, rejections = FakeObjects({key: b"<broken"}), Rejected()

    receive_order([arrival(key)], objects, FakeQueues(), rejections, TENANTS, HERE)

    assert all(len(each.encode()) <= 1_024 for each in objects.content)
    assert rejections.files[0].code == "not_xml"


def test_an_order_too_large_for_a_message_travels_by_reference() -> None:
    lines = tuple((f"SKU-{i}", "1", "10") for i in range(3_000))
    objects = FakeObjects({"orders/a.xml": OrderFile(number="A", lines=lines, payable=None, tax=None).xml().encode()})
    queues = FakeQueues()

    receive_order([arrival("orders/a.xml")], objects, queues, Rejected(), TENANTS, HERE)

    message = json.loads(queues.sent[0][1])
    assert "order" not in message
    assert len(json.loads(objects.content[message["reference"]["key"]])["lines"]) == 3_000


def order_message(name: str, receives: int = 1, body: Json | None = None, size: int = 100) -> OrderMessage:
    content = {"order": {"number": name}, "number": name, "seller": "S"} if body is None else body
    return OrderMessage(message_id=name, receipt=f"r-{name}", receives=receives, size=size, body=content, hop=HERE)


def failed(failures: Sequence[FailedMessage]) -> list[str]:
    return [failure.message.message_id for failure in failures]


def test_a_batch_is_one_call() -> None:
    api = FakeApi()

    assert read_queue([order_message("a"), order_message("b")], api, HERE) == []
    [(path, body)] = api.calls
    assert (path, len(body["orders"])) == ("/orders", 2)


def test_calls_stay_within_what_lambda_takes() -> None:
    api = FakeApi()

    read_queue([order_message(str(i), size=200_000) for i in range(40)], api, HERE)

    assert [len(body["orders"]) for _, body in api.calls] == [15, 15, 10]


def test_when_the_api_is_away_all_come_again() -> None:
    api = FakeApi(errors={"/orders": RetryableError("503")})

    assert failed(read_queue([order_message("a"), order_message("b")], api, HERE)) == ["a", "b"]
    assert len(api.calls) == 1


def test_one_refused_order_does_not_hold_up_the_others() -> None:
    api = FakeApi(errors={"'poison'": MtdError("400")})

    failures = read_queue([order_message("a"), order_message("poison"), order_message("b")], api, HERE)

    assert failed(failures) == ["poison"]


def test_one_order_that_the_function_fails_on_does_not_hold_up_the_others() -> None:
    api = FakeApi(errors={"'poison'": RetryableError("500", code="api_failed")})
    messages = [order_message(str(i)) for i in range(50)]

    assert failed(read_queue([*messages, order_message("poison")], api, HERE)) == ["poison"]
    assert len(api.calls) < 15


@pytest.mark.parametrize("hops", [3, {"a": 1}, ["x"], "x"])
def test_hops_that_are_none_fail_alone(hops: object) -> None:
    api = FakeApi()
    odd = order_message("x", body={"order": {}, "hops": hops})

    assert failed(read_queue([odd, order_message("a")], api, HERE)) == ["x"]
    assert len(api.calls) == 1


@pytest.mark.parametrize("body", [{}, {"nonsense": 1}])
def test_a_message_that_is_no_order_fails_alone(body: Json) -> None:
    api = FakeApi()

    assert failed(read_queue([order_message("x", body=body), order_message("a")], api, HERE)) == ["x"]
    assert len(api.calls) == 1


def test_the_tenth_receive_is_noted_as_waiting() -> None:
    failures = [
        FailedMessage(message=order_message("a", 10), reason="no"),
        FailedMessage(message=order_message("b", 9), reason="no"),
    ]

    assert [order.number for order in waiting_orders(failures)] == ["a"]


def waiting(*numbers: str) -> FakeQueues:
    messages = [
        QueueMessage(
            message_id=f"m-{number}",
            receipt=f"r-{number}",
            body=json.dumps({"number": number, "seller": "S"}),
            receives=11,
            sent_at=datetime(2026, 1, i + 1, tzinfo=UTC),
        )
        for i, number in enumerate(numbers)
    ]
    return FakeQueues({"waiting": messages})


def test_the_waiting_queue_is_listed_without_being_emptied() -> None:
    queues, rows = waiting("a", "b", "a2"), Rows()

    listed = list_waiting(queues, rows, TENANTS, PLATFORM_TENANT)

    assert [entry["number"] for entry in listed] == ["a", "b", "a2"]
    assert queues.hidden == set()
    assert len(rows.orders) == 3


def test_the_row_of_a_message_that_is_gone_is_closed() -> None:
    rows = Rows([waiting_order(name, {}, "no") for name in ("m-a", "m-lost")])
    list_waiting(waiting("a"), rows, TENANTS, PLATFORM_TENANT)
    assert [order.message_id for order in rows.orders] == ["m-a"]


def test_only_the_chosen_are_pushed() -> None:
    queues, rows = waiting("a", "b"), Rows()

    assert push_waiting(["b"], queues, rows, TENANTS, PLATFORM_TENANT) == ["b"]

    assert [json.loads(body)["number"] for _, body in queues.sent] == ["b"]
    assert [message.message_id for message in queues.queues["waiting"]] == ["m-a"]
    assert queues.hidden == {"r-b"}
    assert rows.pushed == ["m-b"]


def test_all_are_pushed_even_beyond_one_call() -> None:
    queues = waiting(*(str(i) for i in range(25)))

    assert len(push_waiting(None, queues, Rows(), TENANTS, PLATFORM_TENANT)) == 25
    assert queues.queues["waiting"] == []


def test_a_push_that_cannot_be_sent_leaves_everything_where_it_was() -> None:
    queues = waiting("a", "b")
    queues.fail_sending = True

    with pytest.raises(MtdError):
        push_waiting(["b"], queues, Rows(), TENANTS, PLATFORM_TENANT)

    assert len(queues.queues["waiting"]) == 2
