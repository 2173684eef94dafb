"""Audits a run under faults: no order is lost or doubled, and a person can see and act on each order.

The evidence comes from the legacy systems' ledger and the mail service, because MTD's own rows prove nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from proving.chaos.plan import FaultKind
from proving.chaos.record import StruckFault

_FINE = set("orders completed exceptions waiting dte_issued_before_exception mails_doubled_in_crash_window".split())
# If one of these strikes between the sending of a mail and its commit, nothing records that the mail was sent.
_CUTS_SENDERS_OFF = {
    FaultKind.KILLED_BEFORE_COMMIT,
    FaultKind.KILLED_MIDWAY,
    FaultKind.KILLED_AFTER_COMMIT,
    FaultKind.TIMED_OUT,
}
_CUTS_ALL_OFF = {FaultKind.DATABASE_RESTARTED, FaultKind.CONNECTIONS_CUT, FaultKind.CLOCK_JUMPED}
_SENDER = "notify_customer"
# From a mail's time at SES to its commit: measured for a batch of a hundred on a busy machine.
_WINDOW_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosAudit:
    """Counts of orders. The counts in `findings` must be 0."""

    orders: int
    completed: int
    exceptions: int
    waiting: int
    lost: int
    """Put, but neither registered nor in the waiting queue."""
    unended: int
    """Registered, and not in an end state when the run gave up waiting."""
    in_two_states: int
    """Ended with a token left, registered twice, or ended and waiting."""
    exceptions_without_incident: int
    """Exceptions without an incident, on which a person cannot act."""
    dte_missing: int
    """Completed without a tax document at Paperless."""
    dte_doubled: int
    """Two tax documents for one order, or one folio for two."""
    dte_without_order: int
    """Tax documents of the run that no order has, except for those of the next count."""
    dte_issued_before_exception: int
    """Issued for orders that ended as exceptions before the answer came; a retry recovers the folio."""
    gift_cards_charged_twice: int
    mails_missing: int
    mails_doubled_in_crash_window: int
    """Sent again because the sender was cut off between the sending and its commit."""
    mails_doubled: int
    """Sent twice although nothing cut the sender off."""
    event_gaps: int
    invariants_broken: int
    """What `mtd audit invariants` tells of the system at the end."""

    def findings(self) -> dict[str, int]:
        """The counts that must be 0 and are not."""
        return {name: count for name, count in asdict(self).items() if count and name not in _FINE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosEvidence:
    """The evidence after a run: `ends` of RunDatabase, entries of the ledger, mails as `mtd mail` lists them."""

    put: Collection[str]
    ends: Sequence[Mapping[str, Any]]
    waiting: Collection[str]
    documents: Sequence[Mapping[str, Any]]
    recorded: Collection[tuple[str, int, int]]
    redeemed: Sequence[Mapping[str, Any]]
    mails: Sequence[Mapping[str, Any]]
    exceptions_without_incident: int
    event_gaps: int
    invariants_broken: int
    struck: Sequence[StruckFault]


def audit(found: ChaosEvidence) -> ChaosAudit:
    """Counts losses and duplicates in the evidence. Pure."""
    numbers = set(found.put)
    registered = Counter(row["number"] for row in found.ends)
    ended = {row["number"]: row["outcome"] for row in found.ends if row["outcome"]}
    completed = {number for number, outcome in ended.items() if outcome == "completed"}
    two = {row["number"] for row in found.ends if row["outcome"] and row["tokens"]}
    two |= {number for number, count in registered.items() if count > 1} | (registered.keys() & set(found.waiting))
    issued = [(e["order"], e["result"]["TipoDTE"], e["result"]["Folio"]) for e in found.documents]
    issued = [document for document in issued if document[0] in numbers]
    unknown = [document for document in issued if document not in found.recorded]
    pending = [document for document in unknown if ended.get(document[0]) not in (None, "completed")]
    folios = Counter((kind, folio) for _, kind, folio in issued)
    doubled = {order for order, count in Counter(order for order, _, _ in issued).items() if count > 1}
    doubled |= {order for order, kind, folio in issued if folios[kind, folio] > 1}
    charges = Counter(entry["order"] for entry in found.redeemed if entry["order"] in numbers)
    sent = _mail_times(found.mails, numbers)
    twice = {number for number, times in sent.items() if len(times) > 1}
    in_window = {number for number in twice if _cut_off(sent[number], found.struck)}
    return ChaosAudit(
        orders=len(numbers),
        completed=len(completed),
        exceptions=len(ended) - len(completed),
        waiting=len(set(found.waiting)),
        lost=len(numbers - registered.keys() - set(found.waiting)),
        unended=sum(row["outcome"] is None for row in found.ends),
        in_two_states=len(two),
        exceptions_without_incident=found.exceptions_without_incident,
        dte_missing=len(completed - {order for order, _, _ in issued}),
        dte_doubled=len(doubled),
        dte_without_order=len(unknown) - len(pending),
        dte_issued_before_exception=len(pending),
        gift_cards_charged_twice=sum(count > 1 for count in charges.values()),
        mails_missing=len(completed - sent.keys()),
        mails_doubled_in_crash_window=len(in_window),
        mails_doubled=len(twice - in_window),
        event_gaps=found.event_gaps,
        invariants_broken=found.invariants_broken,
    )


def _mail_times(mails: Iterable[Mapping[str, Any]], numbers: Collection[str]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = defaultdict(list)
    for mail in mails:
        if mail["order"] in numbers:
            times[mail["order"]].append(datetime.fromisoformat(mail["sent_at"]).timestamp())
    return {number: sorted(at) for number, at in times.items()}


def _cut_off(times: Sequence[float], struck: Iterable[StruckFault]) -> bool:
    """Whether a fault that cuts a sender off followed every sending but the last one at once."""
    moments = [
        each.at
        for each in struck
        if each.kind in _CUTS_ALL_OFF or (each.kind in _CUTS_SENDERS_OFF and each.victim == _SENDER)
    ]
    return all(any(-1.0 <= moment - at <= _WINDOW_SECONDS for moment in moments) for at in times[:-1])
