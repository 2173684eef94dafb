"""Messages and signals from outside: taken at once, kept for an order that does not wait yet, and never taken twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.cases import plan_of
from tests.support.orders import OrderFile
from tests.unit.support.fakes import FakeApi, FakeMachines, FakeMessages, FakeQueues, FakeStore, current_token

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.domain.json_types import Json
from mtd.domain.orders import ubl
from mtd.engine.model.tokens import Token, Waits
from mtd.entrypoints.requests.messages import read_message
from mtd.usecases.flow.changes import Wakeup
from mtd.usecases.flow.route_order import TransitionMessage, route_order
from mtd.usecases.flow.tokens import CurrentToken, TokenReference
from mtd.usecases.flow.trace import Caller, hop
from mtd.usecases.messages.message import MessageKind, SentMessage
from mtd.usecases.messages.send_message import send_message, send_signal

CALLER = Caller(function="manage_tasks", hops=())
PLAN = plan_of(
    "start: S\nuser: A | group=g\ncatch: M | message=paid\ncatch: G | signal=open\nend: E\nS > A > M > G > E",
    tasks={"A": {"group": "g"}},
)


def world(node: str = "m", waits: Waits = Waits.MESSAGE, **store: Any) -> FakeStore:
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    return FakeStore(plan=PLAN, order=order, own=Token(id=1, node=node, waits=waits), **store)


def message(**body: Any) -> SentMessage:
    return read_message(MessageKind.MESSAGE, {"message": "paid", **body}, "N")


def test_an_order_that_waits_takes_the_message_with_its_values() -> None:
    store, waiting = world(), current_token("m", Waits.MESSAGE)
    store.messages.waiting = [waiting]

    answer = send_message(message(values={"receipt": 7}, id="m-1"), store.messages, store, CALLER)

    assert answer == {"orders": [str(waiting.order_id)]}
    changes = store.committed[1]
    assert [moved.place.node for moved in changes.moved_tokens] == ["g"]
    assert [values.data for values in changes.values] == [{"receipt": 7}]
    assert (changes.events[0].what, changes.events[0].detail["id"]) == ("message received", "m-1")
    assert store.messages.taken == {1: [waiting.order_id]}


def test_a_message_of_the_same_id_is_taken_once() -> None:
    store, waiting = world(), current_token("m", Waits.MESSAGE)
    store.messages.waiting = [waiting]
    send_message(message(id="m-1"), store.messages, store, CALLER)
    store.committed.clear()

    again = send_message(message(id="m-1", values={"receipt": 8}), store.messages, store, CALLER)

    assert again == {"orders": [str(waiting.order_id)], "duplicate": True}
    assert store.committed == {}
    # Without an id, or with another, it is another message.
    assert "duplicate" not in send_message(message(), store.messages, store, CALLER)
    assert "duplicate" not in send_message(message(id="m-2"), store.messages, store, CALLER)


def test_another_orders_message_of_the_same_id_is_another() -> None:
    store, waiting = world(), current_token("m", Waits.MESSAGE)
    store.messages.waiting = [waiting]
    send_message(message(id="m-1"), store.messages, store, CALLER)
    of_another = read_message(MessageKind.MESSAGE, {"message": "paid", "id": "m-1"}, "M")

    assert send_message(of_another, store.messages, store, CALLER) == {"orders": [str(waiting.order_id)]}


def test_a_message_that_came_is_recognised_when_its_order_has_ended() -> None:
    store, waiting = world(), current_token("m", Waits.MESSAGE)
    store.messages.waiting = [waiting]
    send_message(message(id="m-1"), store.messages, store, CALLER)
    store.messages.waiting, store.messages.versions = [], []

    assert send_message(message(id="m-1"), store.messages, store, CALLER)["duplicate"]
    with pytest.raises(NotFound):
        send_message(message(id="m-2"), store.messages, store, CALLER)


@pytest.mark.parametrize("versions", [None, [1]], ids=["no order yet", "an order that does not wait yet"])
def test_a_message_that_comes_early_is_kept_for_a_day(versions: list[int] | None) -> None:
    store = world("a", Waits.PERSON, messages=FakeMessages(versions=versions))

    answer = send_message(message(values={"receipt": 7}), store.messages, store, CALLER)

    assert answer["orders"] == []
    until = datetime.fromisoformat(answer["kept_until"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < until <= timedelta(days=1)
    [kept] = store.messages.kept
    assert (kept.message.name, kept.message.number, kept.message.values) == ("paid", "N", {"receipt": 7})


@pytest.mark.parametrize(("name", "versions"), [("refunded", [1]), ("paid", [])])
def test_a_message_that_no_order_of_the_number_will_wait_for_is_refused(name: str, versions: list[int]) -> None:
    store = world(messages=FakeMessages(versions=versions))

    with pytest.raises(NotFound) as refused:
        send_message(message(message=name), store.messages, store, CALLER)

    assert refused.value.code == "nothing_waits"
    assert store.messages.rows == {}


def routed(store: FakeStore) -> None:
    store.current_tokens = [current_token("m", Waits.MESSAGE)]
    told = TransitionMessage(
        message_id="m", references=(TokenReference(token_id=1, version=3),), hop=hop("SQS", "transitions")
    )
    assert route_order([told], store, FakeApi(), FakeMachines(), FakeQueues(), hop("Lambda", "route_order")) == []


def test_an_early_message_passes_the_order_on_as_soon_as_it_waits() -> None:
    store = world()
    send_message(message(values={"receipt": 7}, id="m-1"), store.messages, store, CALLER)
    store.committed.clear()

    routed(store)

    changes = store.committed[1]
    assert [moved.place.node for moved in changes.moved_tokens] == ["g"]
    assert [values.data for values in changes.values] == [{"receipt": 7}]
    assert (changes.events[0].what, changes.events[0].detail["id"]) == ("message received", "m-1")
    assert store.messages.kept == []
    store.committed.clear()

    routed(store)

    assert store.committed == {}


def test_an_order_that_came_to_wait_while_the_message_was_written_is_looked_at() -> None:
    store = world()

    class Late(FakeMessages):
        asked = 0

        def listening(self, message: SentMessage) -> list[CurrentToken]:
            self.asked += 1
            assert message.name == "paid"
            return [] if self.asked == 1 else [current_token("m", Waits.MESSAGE)]

    messages = Late()
    send_message(message(), messages, store, CALLER)

    assert store.committed[1].wakeups == [Wakeup(token_id=1, version=3, delay_seconds=0)]


def test_a_suspended_order_takes_its_message_later() -> None:
    store = world(suspended=True)
    store.messages.waiting = [current_token("m", Waits.MESSAGE)]

    answer = send_message(message(), store.messages, store, CALLER)

    assert (answer["orders"], len(store.messages.kept)) == ([], 1)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ('order.number == "N"', True),
        ("order.payable == message.amount", True),
        ("order.payable > message.amount", False),
        ('data.invoice == "F-1"', True),
        # What the order does not have yet, it does not answer.
        ('data.other == "F-1"', False),
    ],
)
def test_a_rule_says_which_order_takes_the_message(rule: str, fits: bool) -> None:
    store = world(values={"invoice": "F-1"})
    store.messages.waiting = [current_token("m", Waits.MESSAGE)]
    sent = read_message(MessageKind.MESSAGE, {"message": "paid", "when": rule, "values": {"amount": 23800}})

    answer = send_message(sent, store.messages, store, CALLER)

    assert bool(answer["orders"]) is fits
    assert bool(store.messages.kept) is not fits


def test_an_early_message_whose_rule_does_not_hold_stays_for_another_order() -> None:
    store = world(values={"invoice": "F-1"})
    for invoice in ("F-2", "F-1"):
        sent = read_message(MessageKind.MESSAGE, {"message": "paid", "when": f'data.invoice == "{invoice}"'})
        send_message(sent, store.messages, store, CALLER)
    store.committed.clear()

    routed(store)

    assert [moved.place.node for moved in store.committed[1].moved_tokens] == ["g"]
    assert [kept.message_id for kept in store.messages.kept] == [1]


def signal(**body: Any) -> SentMessage:
    return read_message(MessageKind.SIGNAL, {"signal": "open", **body})


def test_a_signal_moves_every_order_that_waits_for_it_and_is_not_kept() -> None:
    store = world("g", Waits.SIGNAL)
    store.messages.waiting = [current_token("g", Waits.SIGNAL)]

    assert send_signal(signal(id="s-1"), store.messages, store, CALLER) == {"orders": 1}

    assert store.committed[1].order_ends[0].outcome == "e"
    assert send_signal(signal(id="s-1"), store.messages, store, CALLER) == {"orders": 1, "duplicate": True}
    store.messages.waiting = []
    assert send_signal(signal(), store.messages, store, CALLER) == {"orders": 0}
    assert store.messages.kept == []


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        (MessageKind.MESSAGE, {}, "message_malformed"),
        (MessageKind.SIGNAL, {"message": "open"}, "message_malformed"),
        (MessageKind.MESSAGE, {"message": "paid"}, "rule_malformed"),
        (MessageKind.MESSAGE, {"message": "paid", "when": "order.nothing"}, "rule_malformed"),
        (MessageKind.MESSAGE, {"message": "paid", "when": "1 +"}, "rule_malformed"),
        (MessageKind.MESSAGE, {"message": "paid", "when": "order.payable"}, "rule_malformed"),
        (MessageKind.SIGNAL, {"signal": "open", "ttl": "tomorrow"}, "ttl_malformed"),
        (MessageKind.SIGNAL, {"signal": "open", "ttl": "P0D"}, "ttl_malformed"),
        (MessageKind.SIGNAL, {"signal": "open", "ttl": "P91D"}, "ttl_malformed"),
        (MessageKind.SIGNAL, {"signal": "open", "id": "x" * 201}, "id_malformed"),
    ],
)
def test_what_is_no_message_is_refused(kind: MessageKind, body: Json, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_message(kind, body)
    assert refused.value.code == code
