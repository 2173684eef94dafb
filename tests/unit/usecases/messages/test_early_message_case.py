"""The drawn case of an early message, tests/data/engine/07: payment comes while people still work at A."""

from tests.support.engine_cases import case_report
from tests.support.orders import OrderFile
from tests.unit.support.fakes import FakeApi, FakeMachines, FakeMessages, FakeQueues, FakeStore, current_token

from mtd.domain.orders import ubl
from mtd.engine.model.tokens import Token, Waits
from mtd.entrypoints.requests.messages import read_message
from mtd.usecases.flow.route_order import TransitionMessage, route_order
from mtd.usecases.flow.tokens import TokenReference
from mtd.usecases.flow.trace import Caller, hop
from mtd.usecases.messages.message import MessageKind
from mtd.usecases.messages.send_message import send_message


def test_the_message_is_kept_and_the_event_passes_at_once() -> None:
    report = case_report("07")
    assert report.plan is not None
    order = ubl.parse_order(OrderFile(number="N").xml().encode())
    store = FakeStore(plan=report.plan, order=order, messages=FakeMessages(versions=[1]))
    sent = read_message(MessageKind.MESSAGE, {"message": "payment", "values": {"paid": True}}, "N")

    answer = send_message(sent, store.messages, store, Caller(function="manage_tasks", hops=()))
    assert answer["orders"] == []
    assert "kept_until" in answer

    # A is done, and the order comes to rest at W.
    waiting = current_token("w", Waits.MESSAGE)
    store.current_tokens, store.own = [waiting], Token(id=1, node="w", waits=Waits.MESSAGE)
    message = TransitionMessage(
        message_id="m", references=(TokenReference(token_id=1, version=3),), hop=hop("SQS", "transitions")
    )
    store.committed.clear()
    route_order([message], store, FakeApi(), FakeMachines(), FakeQueues(), hop("Lambda", "route_order"))

    assert store.committed[1].order_ends[0].outcome == "e"
    assert store.committed[1].values[0].data == {"paid": True}
