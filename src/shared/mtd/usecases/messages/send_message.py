"""Gives messages and signals from outside to the orders that wait for them, and keeps a message that comes early."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from mtd.domain.errors import NotFound
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import MessageReceived, SignalReceived, Trigger
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.failures import go_on
from mtd.usecases.flow.tokens import CurrentToken
from mtd.usecases.flow.trace import Caller
from mtd.usecases.messages.message import Admission, MessageKind, SentMessage, waits_for
from mtd.usecases.ports import FlowStore, UnitOfWork

_AT_ONCE = 100
"""Orders that take a signal in one transaction."""


class Messages(Protocol):
    """The messages of PostgreSQL, and who waits for them."""

    def listening(self, message: SentMessage) -> list[CurrentToken]:
        """A token of each order that waits for it, the oldest order first; with its number, if it names one."""
        ...

    def known(self, message: SentMessage) -> Admission | None:
        """The row of an earlier message of the same id."""
        ...

    def versions_of(self, number: str, seller: str | None) -> list[int] | None:
        """The process versions of the orders with that number that have not ended for good; None when there is no
        order with that number."""
        ...


def send_message(message: SentMessage, messages: Messages, store: FlowStore, caller: Caller) -> Json:
    """Give the message to the orders that wait for it, in one commit with its row. One that comes early is kept.

    An order whose process cannot go on becomes an exception. Raises NotFound (`nothing_waits`) for the number of orders
    that neither wait for it now nor ever will.
    """
    trigger = MessageReceived(message=message.name, values=message.values)
    if message.id is not None and (known := messages.known(message)) is not None:
        return _answered(known)
    listening = messages.listening(message)
    if not listening:
        _refuse_what_never_waits(message, messages, store)
    admission, taken = _deliver(message, listening, trigger, "message received", store, caller)
    if admission.is_duplicate:
        return _answered(admission)
    if taken:
        return {"orders": taken}
    # An order may have come to wait while the message was written: each of the two did not see the other.
    _wake(messages.listening(message), store)
    return {"orders": [], "kept_until": admission.expires_at.isoformat()}


def _answered(admission: Admission) -> Json:
    return {"orders": [str(each) for each in admission.taken_by], "duplicate": True}


def send_signal(signal: SentMessage, messages: Messages, store: FlowStore, caller: Caller) -> Json:
    """Give the signal to every order of the tenant that waits for it. Returns how many took it."""
    trigger = SignalReceived(signal=signal.name, values=signal.values)
    listening = messages.listening(signal)
    admission, taken = _deliver(signal, listening[:_AT_ONCE], trigger, "signal received", store, caller)
    if admission.is_duplicate:
        return {"orders": len(admission.taken_by), "duplicate": True}
    count = len(taken)
    for batch in _batches(listening[_AT_ONCE:]):
        plans = _plans(batch, store)
        with store.unit_of_work(batch, with_content=True) as unit:
            taken = _take(signal, batch, trigger, "signal received", unit, plans, caller)
            unit.messages.settle(admission.message_id, taken)
            count += len(taken)
    return {"orders": count}


def _deliver(
    message: SentMessage,
    listening: Sequence[CurrentToken],
    trigger: Trigger,
    what: str,
    store: FlowStore,
    caller: Caller,
) -> tuple[Admission, list[str]]:
    """Write the message with what it does to the orders; the orders that have taken it."""
    plans = _plans(listening, store)
    with store.unit_of_work(listening, with_content=True) as unit:
        admission = unit.messages.admit(message)
        if admission.is_duplicate:
            return admission, []
        taken = _take(message, listening, trigger, what, unit, plans, caller)
        if taken or message.kind is MessageKind.SIGNAL:
            unit.messages.settle(admission.message_id, taken)
    return admission, taken


def _take(
    message: SentMessage,
    listening: Iterable[CurrentToken],
    trigger: Trigger,
    what: str,
    unit: UnitOfWork,
    plans: Mapping[int, Plan],
    caller: Caller,
) -> list[str]:
    taken: list[str] = []
    for token in listening:
        locked = unit.locked(token)
        if locked is None or locked.suspended or locked.order is None:
            continue
        if not message.fits(locked.order, locked.values):
            continue
        detail: Json = {message.kind.value: message.name, "hops": list(caller.hops)}
        if message.id is not None:
            detail["id"] = message.id
        unit.write(go_on(plans[token.process_version_id], token, locked, trigger, what, caller.function, detail))
        taken.append(str(token.order_id))
    return taken


def _plans(tokens: Iterable[CurrentToken], store: FlowStore) -> Mapping[int, Plan]:
    """The plans of the tokens. They are read before the unit of work, whose pipeline answers no other query."""
    return store.plans(sorted({token.process_version_id for token in tokens}))


def _refuse_what_never_waits(message: SentMessage, messages: Messages, store: FlowStore) -> None:
    if message.number is None:
        return
    versions = messages.versions_of(message.number, message.seller)
    # Without an order of that number it may be on its way to us.
    if versions is None:
        return
    plans = store.plans(sorted(set(versions)))
    if not any(waits_for(plans[version], message.name) for version in versions):
        raise NotFound(
            f"no order {message.number!r} waits for the message {message.name!r}: "
            "check the number and the message's name",
            code="nothing_waits",
        )


def _wake(listening: Sequence[CurrentToken], store: FlowStore) -> None:
    """Have `route_order` look at the tokens, which then take the message."""
    if listening:
        with store.unit_of_work(listening) as unit:
            changes = Changes()
            for token in listening:
                changes.wake(token, 0)
            unit.write(changes)


def _batches(tokens: Sequence[CurrentToken]) -> Iterable[Sequence[CurrentToken]]:
    return (tokens[start : start + _AT_ONCE] for start in range(0, len(tokens), _AT_ONCE))
