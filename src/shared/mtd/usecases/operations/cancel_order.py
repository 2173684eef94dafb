"""The place `cancellation`: what was done for the order is undone, each step once, then the order ends as `cancelled`.

EOM goes first, because it alone may refuse: what is shipped cannot be cancelled. A step whose fate is unknown is asked
for by its key before it is repeated, so the whole may run as often as it must.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from mtd.domain import retry
from mtd.domain.errors import BusinessError, MtdError, RetryableError
from mtd.domain.json_types import Json
from mtd.domain.tax.document_type import credit_note_type
from mtd.engine.model.plan import CANCELLATION
from mtd.usecases.flow.cases import Changes, EffectResult, LeasedToken, LockedOrder, Reference
from mtd.usecases.flow.fail_order import fail_order
from mtd.usecases.flow.run_state import run_all
from mtd.usecases.flow.snapshots import snapshot_of_all
from mtd.usecases.flow.state_outcome import EffectOutcome, StateRun
from mtd.usecases.flow.trace import Hop, hop
from mtd.usecases.operations.correct_order import LegacySystems, find_effect
from mtd.usecases.ports import FlowStore
from mtd.usecases.states.call_idempotently import call_idempotently
from mtd.usecases.states.issue_dte import dte_request

LOG = logging.getLogger(__name__)


def _path(collection: str, identifier: str, action: str) -> str:
    """A path of a legacy system; what it calls a thing cannot lead anywhere else."""
    return f"/{collection}/{quote(identifier, safe='')}/{action}"


def cancellation_token(order_id: str, person: str, reason: str) -> Json:
    """The row of the only token that an order has while it is being cancelled."""
    data = {"by": person, "reason": reason}
    return {"order_id": order_id, "ordinal": 1, "node": CANCELLATION, "waits": "service", "data": data}


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Raises BusinessError `shipped`, or a system's own code when it refuses."""

    systems: LegacySystems

    def __call__(self, case: LeasedToken) -> EffectResult:
        detail: Json = {}
        hops: list[Hop] = []
        systems, order_id, number = self.systems, case.order_id, case.order.number
        if find_effect(systems.eom, order_id, "ship") is not None:
            raise BusinessError("the order is shipped: it can be returned, not cancelled", code="shipped")
        if (allocation := find_effect(systems.eom, order_id, "allocate")) is not None:
            path = _path("allocations", allocation["allocation_id"], "cancel")
            _, way = call_idempotently(systems.eom, "EOM", case, "cancel", path, {"order": number})
            detail["allocation_cancelled"] = allocation["allocation_id"]
            hops.append(way)
        credit_note = self._credit_note(case, detail, hops)
        if (redeemed := find_effect(systems.gift_cards, order_id, "redeem")) is not None:
            path = _path("redemptions", redeemed["redemption_id"], "reverse")
            hops.append(call_idempotently(systems.gift_cards, "Gift card", case, "reverse", path, {"order": number})[1])
            detail["gift_card_reversed"] = redeemed["redemption_id"]
        if (opened := find_effect(systems.sales_support, order_id, "open")) is not None:
            note = {"order": number, "note": f"cancelled: {case.data.get('reason', '')}"}
            path = _path("cases", opened["case_id"], "notes")
            hops.append(call_idempotently(systems.sales_support, "Sales Support", case, "annotate", path, note)[1])
        return EffectResult(detail=detail, hops=tuple(hops), document=credit_note)

    def _credit_note(self, case: LeasedToken, detail: Json, hops: list[Hop]) -> Json | None:
        paperless = self.systems.paperless
        issued = paperless.recover(f"{case.order_id}:dte")
        if issued is None:
            return None
        request = dte_request(
            case,
            key=f"{case.order_id}:credit_note",
            document_type=credit_note_type(issued.document_type),
            cancels=(issued.document_type, issued.folio),
        )
        note = paperless.recover(request.key) or paperless.issue(request)
        detail["credit_note"] = note.folio
        hops.append(hop("Paperless", f"credit note of {issued.document_type} {issued.folio}", request_id=request.key))
        return {
            "document_type": note.document_type,
            "folio": note.folio,
            "refers_to_type": issued.document_type,
            "refers_to_folio": issued.folio,
            "amount": request.total,
            "currency": request.currency,
        }


def cancel_orders(references: Sequence[Reference], effect: CancelOrder, work: FlowStore, run: StateRun) -> Json:
    """Undo what was done for every order that still stands here; how many were done, retried, failed and skipped."""
    cases = work.lease(CANCELLATION, references).cases
    outcomes = run_all(cases, effect, run.parallel)
    kinds: dict[int, str] = {}

    def decide(case: LeasedToken, held: LockedOrder) -> Changes:
        kinds[case.token_id], changes = _changes(case, held, outcomes, run)
        return changes

    if cases:
        work.commit(cases, decide)
    counts = {kind: sum(each == kind for each in kinds.values()) for kind in ("done", "retried", "failed")}
    return {"state": CANCELLATION, **counts, "skipped": len(references) - len(kinds)}


def _changes(
    case: LeasedToken, held: LockedOrder, outcomes: Mapping[int, EffectOutcome], run: StateRun
) -> tuple[str, Changes]:
    outcome = outcomes[case.token_id]
    if outcome.done is not None:
        return "done", _cancelled(case, outcome.done, run)
    error = outcome.error
    assert error is not None
    if isinstance(error, RetryableError) and case.attempts < retry.MAXIMUM_TRIES:
        delay = retry.delay_seconds(case.attempts, run.retry_base_seconds)
        detail = {"code": error.code, "message": str(error), "attempt": case.attempts}
        changes = Changes(events=[_event(case, "retry", CANCELLATION, detail, run)])
        changes.retries.append({"token_id": case.token_id, "version": case.version, "delay_seconds": delay})
        return "retried", changes
    return "failed", _failed(case, held, error, run)


def _cancelled(case: LeasedToken, done: EffectResult, run: StateRun) -> Changes:
    order_id = str(case.order_id)
    reason = f"cancelled by {case.data.get('by')}: {case.data.get('reason')}"
    hops = [*run.hops, hop("Lambda", run.function, request_id=run.request_id), *done.hops]
    return Changes(
        order_ends=[{"order_id": order_id, "outcome": "cancelled", "reason": reason}],
        credit_notes=[{"order_id": order_id, **done.document}] if done.document else [],
        events=[_event(case, "done", "cancelled", {**done.detail, "hops": hops}, run)],
    )


def _failed(case: LeasedToken, held: LockedOrder, error: MtdError, run: StateRun) -> Changes:
    """What was undone stays undone: whoever retries the incident goes on from there."""
    return fail_order(case, error, stood=snapshot_of_all(held), who=run.function, detail={"hops": list(run.hops)})


def _event(case: LeasedToken, what: str, to_state: str, detail: Json, run: StateRun) -> Json:
    return {
        "order_id": str(case.order_id),
        "who": run.function,
        "source": "PostgreSQL",
        "what": what,
        "from_state": CANCELLATION,
        "to_state": to_state,
        "request_id": run.request_id,
        "detail": detail,
    }
