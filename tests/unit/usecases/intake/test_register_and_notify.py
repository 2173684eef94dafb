from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from tests.support.cases import plan_of
from tests.support.orders import OrderFile
from tests.unit.support.fakes import FakeMailer, FakeStore, leased

from mtd.domain.errors import InvalidRequest
from mtd.domain.orders import order as orders
from mtd.domain.orders import ubl
from mtd.usecases.flow.changes import OrderEvent, RequestedMail
from mtd.usecases.flow.trace import hop
from mtd.usecases.intake.register_orders import Incoming, register_orders
from mtd.usecases.notifications.notify_customer import DocumentNumber, DueMail, FinishedMail, notify_customer
from mtd.usecases.ports import MailResult


def incoming(**knobs: str) -> Incoming:
    order = ubl.parse_order(OrderFile(**{"number": "N", **knobs}).xml().encode())  # type: ignore[arg-type]
    return Incoming(order=order, document=orders.to_json(order), source="s3://b/k", hops=(hop("S3", "put"),))


def test_a_batch_is_registered_with_tokens_events_and_totals() -> None:
    store = FakeStore()

    results = register_orders([incoming(), incoming(number="M")], store, "register_orders", "r", [hop("API", "POST")])

    assert [result["status"] for result in results] == ["registered", "registered"]
    step, event = store.registered[:2]
    assert [(new.place.node, new.wake_delay) for new in step.new_tokens] == [("validation", 0)]
    assert store.new_orders[0].total == 23800
    assert [hop["source"] for hop in event.events[0].detail["hops"]] == ["S3", "API", "Lambda"]


def test_an_order_beyond_reckoning_does_not_take_its_batch_down() -> None:
    line = ("SKU", "999999999999999", "999999999999999")
    order = ubl.parse_order(OrderFile(number="HUGE", lines=(line,), payable=None, tax=None).xml().encode())
    huge = Incoming(order=order, document=orders.to_json(order), source="s3://b/k", hops=())

    results = register_orders([huge, incoming()], FakeStore(), "f", "r", [])

    assert [result["status"] for result in results] == ["registered", "registered"]


CURRENCIES = """
    start: Came
    start: By hand
    xor: Currency?
    user: A | group=g
    end: E
    Came > Currency? >[USD] A > E
    Currency? >[EUR] E
    By hand > A
"""
RULES = {"USD": 'order.currency == "USD"', "EUR": 'order.currency == "EUR"'}


def test_an_order_whose_process_cannot_begin_is_an_exception_and_its_batch_goes_on() -> None:
    store = FakeStore(plan=plan_of(CURRENCIES, flows=RULES, start="Came"))
    asked = [replace(incoming(**knobs), process="p") for knobs in ({}, {"number": "M", "currency": "USD"})]

    results = register_orders(asked, store, "register_orders", "r", [])

    assert [result["status"] for result in results] == ["registered", "registered"]
    assert [new.outcome for new in store.new_orders] == ["exception", None]
    assert "no_flow" in (store.new_orders[0].reason or "")
    stuck, event, fitting, _ = store.registered
    [incident] = stuck.incidents
    assert (incident.state, incident.code, incident.token_id) == ("came", "no_flow", None)
    assert [token["node"] for token in (incident.snapshot or {})["tokens"]] == ["came"]
    assert stuck.new_tokens == []
    assert event.events[0].to_state == "exception"
    assert event.events[0].detail["node"] == "currency"
    assert [(new.place.node) for new in fitting.new_tokens] == ["a"]


def test_a_first_timer_without_its_time_is_an_exception_too() -> None:
    plan = plan_of("start: S\ncatch: T | time==order.promised_on\nend: E\nS > T > E")
    store = FakeStore(plan=plan)

    register_orders([replace(incoming(), process="p")], store, "f", "r", [])

    assert [new.outcome for new in store.new_orders] == ["exception"]
    assert "unknown_fact" in (store.new_orders[0].reason or "")


def test_an_order_begins_at_the_start_event_that_it_names() -> None:
    store = FakeStore(plan=plan_of(CURRENCIES, flows=RULES, start="Came"))

    register_orders([replace(incoming(), process="p", start="by_hand")], store, "f", "r", [])

    assert [new.place.node for new in store.registered[0].new_tokens] == ["a"]
    with pytest.raises(InvalidRequest) as refused:
        register_orders([replace(incoming(), process="p", start="a")], store, "f", "r", [])
    assert refused.value.code == "no_such_start"


def test_the_same_order_twice_in_a_batch_is_one_new_order() -> None:
    store = FakeStore()

    results = register_orders([incoming(), incoming()], store, "f", "r", [])

    assert len(results) == 2
    assert len(store.new_orders) == 1


def test_other_content_in_the_same_batch_is_a_conflict() -> None:
    results = register_orders([incoming(), incoming(buyer_name="B")], FakeStore(), "f", "r", [])

    assert [result["status"] for result in results] == ["registered", "conflict"]


@dataclass(slots=True)
class Box:
    due: list[DueMail]
    results: list[MailResult] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)

    def claim(self, mails: Sequence[RequestedMail]) -> list[DueMail]:
        wanted = {mail.order_id for mail in mails}
        return [mail for mail in self.due if mail.order_id in wanted]

    def finish(self, mails: Sequence[FinishedMail], events: Sequence[OrderEvent]) -> None:
        self.results += [mail.result for mail in mails]
        self.events += events


def requested(mails: Iterable[DueMail]) -> list[RequestedMail]:
    return [RequestedMail(order_id=mail.order_id, kind=mail.kind) for mail in mails]


def due(token_id: int, address: str) -> DueMail:
    one = leased("emission_dte", token_id, mail=address)
    return DueMail(
        mail_id=token_id,
        order_id=one.order_id,
        kind="being_processed",
        order=one.order,
        documents=[DocumentNumber(document_type=39, folio=7)],
    )


def test_due_mails_are_sent_and_each_has_a_result_of_its_own() -> None:
    mails = [due(1, "a@x.cl"), due(2, "b@x.cl"), due(3, "c@x.cl")]
    box = Box(mails)
    mailer = FakeMailer(
        {
            "b@x.cl": MailResult(status="failed", reason="no such address"),
            "c@x.cl": MailResult(status="pending", reason="slow"),
        }
    )

    again = notify_customer(requested(mails), box, mailer, "f", "r")

    assert again == 1
    assert [result.status for result in box.results] == ["sent", "failed", "pending"]
    assert "boleta electrónica N° 7" in mailer.mails[0].body
    assert mailer.mails[0].tags == {"order_id": str(mails[0].order_id), "kind": "being_processed"}
    assert box.events[0].what == "mail being_processed sent"


def test_nothing_due_sends_nothing() -> None:
    mailer = FakeMailer()

    assert notify_customer(requested([due(1, "a@x.cl")]), Box([]), mailer, "f", "r") == 0
    assert mailer.mails == []


def test_a_mail_that_cannot_be_written_fails_alone() -> None:
    mails = [replace(due(1, "a@x.cl"), kind="of another release"), due(2, "b@x.cl")]
    box, mailer = Box(mails), FakeMailer()

    assert notify_customer(requested(mails), box, mailer, "f", "r") == 0

    assert [(result.status, result.reason) for result in box.results] == [
        ("failed", "cannot be written: KeyError"),
        ("sent", None),
    ]
    assert [each.to for each in mailer.mails] == ["b@x.cl"]
