"""A cancellation undoes what was done, each thing once, or rests as an exception."""

from typing import Any

import pytest
from tests.unit.support.circuits import FakeCircuits
from tests.unit.support.fakes import FakeStore, leased
from tests.unit.support.operated import ORDER, RUN, FakeCards, systems
from tests.unit.usecases.states.test_effects import FakePaperless

from mtd.domain.errors import BusinessError, MtdError, RetryableError, ShortageError
from mtd.engine.model.plan import CANCELLATION
from mtd.usecases.flow.tokens import TokenReference
from mtd.usecases.operations.cancel_order import CancelOrder, cancel_orders
from mtd.usecases.operations.correct_order import LegacySystems, effects_made


def cancelling(**other: Any) -> Any:
    return leased(CANCELLATION, outcome_unknown=True, gift_card="GC-1", data={"by": "ana", "reason": "why"}, **other)


def posts(world: LegacySystems) -> list[str]:
    calls = (world.eom, world.gift_cards, world.sales_support)
    return [path for system in calls if isinstance(system, FakeCards) for verb, path in system.calls if verb == "POST"]


def test_a_cancellation_undoes_what_was_done_each_once() -> None:
    one = cancelling()
    world = systems(one.order_id, "redeem", "allocate", "dte", "open")

    first, again = CancelOrder(world)(one), CancelOrder(world)(one)

    assert posts(world) == ["/allocations/A/cancel", "/redemptions/R/reverse", "/cases/C/notes"]
    assert isinstance(world.paperless, FakePaperless)
    [note] = world.paperless.requests
    assert (note.document_type, note.cancels) == (61, (39, 8))
    assert first.credit_notes == again.credit_notes
    assert [credit_note.refers_to_folio for credit_note in first.credit_notes] == [8]


def test_a_legacy_systems_own_name_for_a_thing_leads_nowhere_else() -> None:
    one = cancelling()
    world = systems(one.order_id, "redeem")
    assert isinstance(world.gift_cards, FakeCards)
    world.gift_cards.done[f"{one.order_id}:redeem"] = {"redemption_id": "../../control?x=#"}

    CancelOrder(world)(one)

    assert posts(world) == ["/redemptions/..%2F..%2Fcontrol%3Fx%3D%23/reverse"]


def test_nothing_is_undone_that_was_not_done() -> None:
    one = cancelling()
    assert posts(empty := systems(one.order_id)) == []
    assert CancelOrder(empty)(one).credit_notes == ()
    assert posts(empty) == []

    with pytest.raises(BusinessError, match="shipped"):
        CancelOrder(systems(one.order_id, "allocate", "ship"))(one)


@pytest.mark.parametrize(
    ("error", "attempts", "kind"),
    [
        (None, 1, "done"),
        (RetryableError("slow"), 1, "retried"),
        (RetryableError("slow"), 10, "failed"),
        (BusinessError("no", code="locked"), 1, "failed"),
        (ShortageError("no folios", circuit="folios-76123456-0-61"), 10, "parked"),
    ],
)
def test_a_cancellation_ends_or_is_tried_again_or_rests_as_an_exception(
    error: MtdError | None, attempts: int, kind: str
) -> None:
    one = cancelling(attempts=attempts)
    world = systems(one.order_id, "redeem")
    assert isinstance(world.gift_cards, FakeCards)
    world.gift_cards.refuses = {"reverse": error} if error else {}
    store = FakeStore(tokens=[one])

    answer = cancel_orders([TokenReference(token_id=1, version=3)], CancelOrder(world), store, FakeCircuits(), RUN)

    assert answer[kind] == 1
    changes = store.committed[1]
    outcomes = [end.outcome for end in changes.order_ends]
    assert outcomes == {"done": ["cancelled"], "failed": ["exception"]}.get(kind, [])
    assert len(changes.parked_tokens) == (kind == "parked")
    assert [incident.state for incident in changes.incidents] == ([CANCELLATION] if kind == "failed" else [])


def test_the_effects_of_an_order_are_asked_of_the_systems() -> None:
    assert effects_made(systems(ORDER.order_id, "redeem", "dte"), ORDER.order_id) == {"redeem", "dte"}
