"""People's actions on an order, without a database: decisions and refusals."""

from dataclasses import replace
from typing import Any

import pytest
from tests.support.cases import plan_of
from tests.unit.support.operated import order, service, snapshot

from mtd.domain.errors import Conflict, MtdError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import CANCELLATION
from mtd.engine.model.tokens import Token, Waits
from mtd.usecases.flow.changes import RetriedToken, Wakeup
from mtd.usecases.operations.operate_order import operate_order
from mtd.usecases.operations.order_actions import Decision, OpenIncident, OrderAction, OrderBusy, OrderUnderAction


def decide(action: str, operated: OrderUnderAction, made: frozenset[str] = frozenset(), **other: Any) -> Decision:
    act = OrderAction(action=action, person="ana", reason="why", **other)
    return operate_order(act, operated, operated.revision, made, "operate_order")


def refusal(action: str, operated: OrderUnderAction, made: frozenset[str] = frozenset(), **other: Any) -> str:
    with pytest.raises(MtdError) as refused:
        decide(action, operated, made, **other)
    return refused.value.code


def test_a_retry_puts_the_order_back_and_resolves_its_incident() -> None:
    decision = decide("retry", order(state="allocation"))

    [token] = decision.changes.new_tokens
    assert (token.place.node, token.place.waits) == ("allocation", Waits.SERVICE)
    assert decision.next_states == ("allocation",)
    assert (decision.update.reopens, decision.resolved_incidents) == (True, [7])
    [event] = decision.changes.events
    assert (event.what, event.from_state, event.to_state) == ("retry", "exception", "allocation")
    assert event.detail == {"by": "ana", "reason": "why"}


def test_an_incident_of_an_older_release_puts_its_one_token_back() -> None:
    old = OpenIncident(incident_id=7, state="dispatch", snapshot=None)

    assert decide("retry", order(incidents=(old,))).next_states == ("dispatch",)


def test_an_order_that_could_not_begin_begins_when_it_is_retried() -> None:
    plan = plan_of("start: S\nuser: Approve | group=g\nend: E\nS > Approve > E")
    waiting = Token(id=1, node="s", waits=Waits.INSIDE)
    failed = OpenIncident(incident_id=7, state="s", snapshot=snapshot(waiting))

    for decision in (
        decide("retry", order(incidents=(failed,), plan=plan)),
        decide("skip", order(incidents=(failed,), plan=plan)),
        decide("move", order(incidents=(failed,), plan=plan), node="approve"),
        decide("correct", order(incidents=(failed,), plan=plan), document={"issued_on": "2026-11-21"}),
    ):
        assert [new.place.node for new in decision.changes.new_tokens] == ["approve"]
        assert [task.node for task in decision.changes.new_tasks] == ["approve"]
        assert (decision.update.reopens, decision.resolved_incidents) == (True, [7])


def test_beside_a_branch_that_goes_on_only_what_failed_is_put_back() -> None:
    failed = OpenIncident(incident_id=7, state="allocation", snapshot=snapshot(service("allocation")))

    decision = decide("retry", order(service("sales_support"), incidents=(failed,)))
    assert [token.ordinal for token in decision.changes.new_tokens] == [2]
    assert (decision.changes.moved_tokens, decision.changes.deleted_tokens) == ([], [])
    twice = order(service("allocation"), incidents=(failed,))
    assert refusal("retry", twice) == "place_taken"
    going = replace(failed, snapshot=snapshot(service("allocation"), goes_on=True))
    assert refusal("retry", order(service("control_error"), incidents=(going,))) == "goes_on"


def test_an_order_that_somebody_else_has_changed_is_a_conflict() -> None:
    with pytest.raises(Conflict) as refused:
        operate_order(
            OrderAction(action="retry", person="a", reason="r"), order(state="allocation"), 2, frozenset(), "f"
        )
    assert refused.value.code == "order_changed"


@pytest.mark.parametrize(
    ("action", "operated", "code"),
    [
        ("retry", order(service("allocation")), "nothing_to_retry"),
        ("retry", order(), "nothing_to_retry"),
        ("retry", order(outcome="completed"), "order_ended"),
        ("move", order(), "never_on_its_way"),
        ("suspend", order(state="allocation"), "order_ended"),
        ("suspend", order(service("allocation"), suspended=True), "order_suspended"),
        ("resume", order(service("allocation")), "not_suspended"),
        ("cancel", order(outcome="cancelled"), "order_ended"),
        ("cancel", order(service(CANCELLATION)), "being_cancelled"),
        ("skip", order(service(CANCELLATION)), "being_cancelled"),
        ("skip", order(state=CANCELLATION), "being_cancelled"),
        ("skip", order(service("control_error")), "cannot_skip"),
        ("correct", order(service("allocation")), "order_on_its_way"),
    ],
)
def test_an_action_that_does_not_fit_the_orders_state_is_refused(
    action: str, operated: OrderUnderAction, code: str
) -> None:
    assert refusal(action, operated, node="allocation", document={"currency": "USD"}) == code


@pytest.mark.parametrize("action", ["move", "skip", "cancel", "correct"])
def test_an_order_that_is_worked_on_is_left_until_that_is_known(action: str) -> None:
    busy = order(service("allocation"), leased=frozenset({101}), suspended=True)

    with pytest.raises(OrderBusy):
        decide(action, busy, node="dispatch", document={"gift_card": "GC-2"})


def test_a_move_and_a_skip_go_where_the_plan_says() -> None:
    moved = decide("move", order(service("allocation")), node="dispatch")
    [move] = moved.changes.moved_tokens
    assert (move.token_id, move.version, move.place.node) == (101, 4, "dispatch")

    skipped = decide("skip", order(state="validation"))
    assert skipped.next_states == ("gift_card",)

    last = decide("skip", order(service("completion")))
    assert last.changes.order_ends[0].outcome == "completed"


def test_a_resumed_order_is_looked_at_where_nobody_works_on_it() -> None:
    timer = Token(id=2, node="completion", waits=Waits.TIME)
    held = order(service("allocation"), timer, service("dispatch", 3), suspended=True, leased=frozenset({103}))

    changes = decide("resume", held).changes

    assert changes.retried_tokens == [RetriedToken(token_id=101, version=4, delay_seconds=0)]
    assert changes.wakeups == [Wakeup(token_id=102, version=4, delay_seconds=31)]


@pytest.mark.parametrize(
    ("made", "fields", "code"),
    [
        ("redeem", {"gift_card": "GC-2"}, "redeem_made"),
        ("redeem", {"buyer": {"email": "x@example.cl"}}, None),
        ("dte", {"buyer": {"name": "Otra"}}, "dte_made"),
        ("dte", {"gift_card": "GC-2"}, None),
        ("ship", {"promised_on": "2026-12-24"}, "ship_made"),
        ("allocate", {"promised_on": "2026-12-24"}, None),
        ("", {"gift_card": "GC-1"}, "nothing_corrected"),
        ("", {"number": "N-2"}, "identity_changed"),
        ("", {"seller": {"id": "1"}}, "identity_changed"),
        ("", {"lines": []}, "no_lines"),
        ("", {"issued_on": 3}, "order_malformed"),
    ],
)
def test_a_correction_changes_only_what_nothing_rests_on(made: str, fields: Json, code: str | None) -> None:
    operated = order(state="sales_support")
    if code is not None:
        assert refusal("correct", operated, frozenset({made}), document=fields) == code
        return
    decision = decide("correct", operated, frozenset({made}), document=fields)
    assert decision.update.correction is not None
    assert decision.update.correction.document != operated.document
    assert decision.changes.events[0].detail["new"]
    assert decision.next_states == ("sales_support",)
