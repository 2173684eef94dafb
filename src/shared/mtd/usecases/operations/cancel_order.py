"""The place `cancellation`: it undoes the order's effects, each once, then the order ends as `cancelled`.

EOM goes first, because it alone may refuse: a shipped order cannot be cancelled. Before a step repeats a call whose
outcome is unknown, it asks the legacy system by the call's key. So the whole may run as often as it must.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote

from mtd.domain.errors import BusinessError, RetryableError, ShortageError
from mtd.domain.json_types import Json
from mtd.domain.tax.amounts.notes import credit_note_of
from mtd.domain.tax.document import TaxDocument
from mtd.domain.tax.documents import documents_of
from mtd.domain.tax.issuer import TaxSettings
from mtd.engine.model.plan import CANCELLATION
from mtd.engine.model.tokens import Waits
from mtd.usecases.flow.changes import Changes, CreditNote, OrderEvent, TokenPlace
from mtd.usecases.flow.circuit_breaker import Circuits, open_for_shortages
from mtd.usecases.flow.decide_outcome import MAXIMUM_TRIES, Decided, delay_seconds
from mtd.usecases.flow.effects import EffectOutcome, EffectResult, StateRun, run_effects
from mtd.usecases.flow.failures import fail_order, fail_unreadable, snapshot_of_all
from mtd.usecases.flow.tokens import LeasedToken, LockedOrder, TokenReference, rounds
from mtd.usecases.flow.trace import Hop, hop
from mtd.usecases.operations.correct_order import LegacySystems, find_effect
from mtd.usecases.ports import DteRequest, FlowStore, IssuedDte
from mtd.usecases.states.call_idempotently import call_idempotently
from mtd.usecases.states.issue_dte import key_of, today


def _path(collection: str, identifier: str, action: str) -> str:
    """A path of a legacy system. Quoting keeps a system's own ids from leading to another path."""
    return f"/{collection}/{quote(identifier, safe='')}/{action}"


def cancellation_place(person: str, reason: str) -> TokenPlace:
    """The place of the order's only token while it is being cancelled."""
    return TokenPlace(node=CANCELLATION, waits=Waits.SERVICE, data={"by": person, "reason": reason})


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Raises BusinessError `shipped`, or a system's own code when it refuses."""

    systems: LegacySystems
    settings: TaxSettings = field(default_factory=TaxSettings)
    day: Callable[[], date] = today

    def __call__(self, token: LeasedToken) -> EffectResult:
        detail: Json = {}
        hops: list[Hop] = []
        systems, order_id, number = self.systems, token.order_id, token.order.number
        if find_effect(systems.eom, order_id, "ship") is not None:
            raise BusinessError(
                "the order is shipped, so it cannot be cancelled: the customer can return it", code="shipped"
            )
        if (allocation := find_effect(systems.eom, order_id, "allocate")) is not None:
            path = _path("allocations", allocation["allocation_id"], "cancel")
            _, way = call_idempotently(systems.eom, "EOM", token, "cancel", path, {"order": number})
            detail["allocation_cancelled"] = allocation["allocation_id"]
            hops.append(way)
        credit_notes = self._credit_notes(token, detail, hops)
        if (redeemed := find_effect(systems.gift_cards, order_id, "redeem")) is not None:
            path = _path("redemptions", redeemed["redemption_id"], "reverse")
            _, way = call_idempotently(systems.gift_cards, "Gift card", token, "reverse", path, {"order": number})
            hops.append(way)
            detail["gift_card_reversed"] = redeemed["redemption_id"]
        if (opened := find_effect(systems.sales_support, order_id, "open")) is not None:
            note = {"order": number, "note": f"cancelled: {token.data.get('reason', '')}"}
            path = _path("cases", opened["case_id"], "notes")
            _, way = call_idempotently(systems.sales_support, "Sales Support", token, "annotate", path, note)
            hops.append(way)
        return EffectResult(detail=detail, hops=tuple(hops), credit_notes=credit_notes)

    def _credit_notes(self, token: LeasedToken, detail: Json, hops: list[Hop]) -> tuple[CreditNote, ...]:
        """A credit note for each issued document, in the sequence of the documents."""
        paperless, order_id = self.systems.paperless, token.order_id
        first = paperless.recover(key_of(order_id, "dte", 1))
        if first is None:
            return ()
        notes: list[CreditNote] = []
        for document in documents_of(token.order, self.settings, date.fromisoformat(first.issued_at)):
            issued = first if document.part == 1 else paperless.recover(key_of(order_id, "dte", document.part))
            if issued is not None:
                notes.append(self._credit_note(token, document, issued, hops))
        detail["credit_note"] = notes[0].folio
        if len(notes) > 1:
            detail["credit_notes"] = [note.folio for note in notes]
        return tuple(notes)

    def _credit_note(self, token: LeasedToken, document: TaxDocument, issued: IssuedDte, hops: list[Hop]) -> CreditNote:
        paperless = self.systems.paperless
        request = DteRequest(
            key=key_of(token.order_id, "credit_note", document.part),
            document=credit_note_of(document, issued.folio, self.day()),
            cancels=(issued.document_type, issued.folio),
        )
        note = paperless.recover(request.key) or paperless.issue(request)
        hops.append(hop("Paperless", f"credit note of {issued.document_type} {issued.folio}", request_id=request.key))
        return CreditNote(
            document_type=note.document_type,
            folio=note.folio,
            refers_to_type=issued.document_type,
            refers_to_folio=issued.folio,
            amount=request.document.totals.total,
            currency=request.document.currency,
            issuer=request.document.issuer.rut,
            issued_on=note.issued_at or None,
            stamp=note.stamp,
            track_id=note.track_id,
            part=document.part,
        )


def cancel_orders(
    references: Sequence[TokenReference], effect: CancelOrder, store: FlowStore, circuits: Circuits, run: StateRun
) -> Json:
    """Undo the effects of every order that is still here. An order without a folio for its credit note is parked.

    Returns how many were done, retried, parked, failed and skipped.
    """
    leased = store.lease(CANCELLATION, references)
    fail_unreadable(store, leased.unreadable, run.function)
    outcomes = run_effects(leased.tokens, effect, run.parallel)
    open_for_shortages(circuits, outcomes.values(), run.function)
    decided: dict[int, Decided] = {}
    for batch in rounds(leased.tokens):
        with store.unit_of_work(batch) as unit:
            for token in batch:
                if (locked := unit.locked(token)) is not None:
                    decided[token.token_id], changes = _decide(token, locked, outcomes[token.token_id], run)
                    unit.write(changes)
    counts = Counter(decided.values())
    skipped = len(references) - len(decided)
    return {"state": CANCELLATION, **{each.value: counts[each] for each in Decided}, "skipped": skipped}


def _decide(token: LeasedToken, locked: LockedOrder, outcome: EffectOutcome, run: StateRun) -> tuple[Decided, Changes]:
    if outcome.result is not None:
        return Decided.DONE, _end(token, outcome.result, run)
    error = outcome.error
    assert error is not None
    if isinstance(error, ShortageError):
        changes = Changes()
        changes.park(token, error.circuit)
        missing: Json = {"system": error.circuit, "code": error.code, "message": str(error)}
        changes.record(_event(token, "parked", CANCELLATION, missing, run))
        return Decided.PARKED, changes
    if isinstance(error, RetryableError) and token.attempts < MAXIMUM_TRIES:
        changes = Changes()
        changes.retry(token, delay_seconds(token.attempts, run.retry_base_seconds))
        detail: Json = {"code": error.code, "message": str(error), "attempt": token.attempts}
        changes.record(_event(token, "retry", CANCELLATION, detail, run))
        return Decided.RETRIED, changes
    # Undone effects stay undone: a retry of the incident continues with the others.
    detail = {"hops": list(run.hops)}
    return Decided.FAILED, fail_order(token, error, snapshot=snapshot_of_all(locked), who=run.function, detail=detail)


def _end(token: LeasedToken, result: EffectResult, run: StateRun) -> Changes:
    changes = Changes()
    changes.end(token.order_id, "cancelled", f"cancelled by {token.data.get('by')}: {token.data.get('reason')}")
    changes.credit_notes += [(token.order_id, note) for note in result.credit_notes]
    hops = [*run.hops, hop("Lambda", run.function, request_id=run.request_id), *result.hops]
    changes.record(_event(token, "done", "cancelled", {**result.detail, "hops": hops}, run))
    return changes


def _event(token: LeasedToken, what: str, to_state: str, detail: Json, run: StateRun) -> OrderEvent:
    return OrderEvent(
        order_id=token.order_id,
        who=run.function,
        what=what,
        from_state=CANCELLATION,
        to_state=to_state,
        request_id=run.request_id,
        detail=detail,
    )
