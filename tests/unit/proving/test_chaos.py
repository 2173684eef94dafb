"""The run under faults: what its seed plans, and what its audit finds."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from devenv.instance import PROJECT
from proving.chaos.audit import ChaosAudit, ChaosEvidence, audit
from proving.chaos.plan import FUNCTIONS, QUEUES, READERS, SYSTEMS, FaultKind, plan
from proving.chaos.record import FaultRecord, StruckFault


@pytest.mark.parametrize("orders", [1, 300, 5000])
def test_the_same_seed_gives_the_same_faults_and_every_kind_strikes(orders: int) -> None:
    faults = plan(7, orders)
    assert faults == plan(7, orders)
    assert faults != plan(8, orders)
    rounds = max(1, round(orders / 300))
    assert Counter(fault.kind for fault in faults) == dict.fromkeys(FaultKind, rounds)
    assert [fault.due for fault in faults] == sorted(fault.due for fault in faults)
    assert all(0 <= fault.due <= 0.9 and fault.times >= 1 and fault.size >= 0 for fault in faults)


def test_a_fault_has_a_victim_that_it_can_strike() -> None:
    victims: dict[FaultKind, set[str]] = {kind: set() for kind in FaultKind}
    for fault in plan(1, 300_000):
        victims[fault.kind].add(fault.victim)
    assert victims[FaultKind.KILLED_AFTER_COMMIT] == set(FUNCTIONS)
    assert victims[FaultKind.LEGACY_OUTAGE] == set(SYSTEMS)
    assert victims[FaultKind.MESSAGES_DELAYED] == set(QUEUES)
    assert victims[FaultKind.READER_STOPPED] == set(READERS)
    assert all((PROJECT / "src" / "lambdas" / name / "handler.py").is_file() for name in (*FUNCTIONS, "relay_outbox"))


def test_an_outage_lasts_a_minute_in_a_long_run() -> None:
    lasting = {n: {f.size for f in plan(1, n) if f.kind is FaultKind.LEGACY_OUTAGE} for n in (300, 5000)}
    assert lasting == {300: {6.0}, 5000: {60.0}}


def test_a_kind_that_never_struck_counts_0() -> None:
    record = FaultRecord()
    record.add(FaultKind.CLOCK_JUMPED, at=5)
    record.add(FaultKind.LEGACY_5XX, "eom", 3, at=1)
    record.add(FaultKind.LEGACY_SLOW, "eom", 0)
    assert [struck.at for struck in record.all()] == [1, 5]
    counts = record.counts()
    assert {kind: count for kind, count in counts.items() if count} == {"legacy_5xx": 3, "clock_jumped": 1}
    assert set(counts) == set(FaultKind)


def row(number: str, outcome: str | None = "completed", tokens: int = 0) -> dict[str, Any]:
    return {"number": number, "outcome": outcome, "tokens": tokens}


def document(order: str, folio: int) -> dict[str, Any]:
    return {"order": order, "result": {"TipoDTE": 39, "Folio": folio}}


def mail(order: str, at: float) -> dict[str, Any]:
    return {"order": order, "sent_at": datetime.fromtimestamp(at, UTC).isoformat()}


def audited(struck: Sequence[StruckFault] = (), **changed: Any) -> ChaosAudit:
    """Two completed orders, one exception, one in the waiting queue; all as it must be but for what is changed."""
    values: dict[str, Any] = {
        "put": ["A", "B", "C", "W"],
        "ends": [row("A"), row("B"), row("C", "exception")],
        "waiting": ["W"],
        "documents": [document("A", 1), document("B", 2), document("of another run", 3)],
        "recorded": {("A", 39, 1), ("B", 39, 2)},
        "redeemed": [{"order": "A"}],
        "mails": [mail("A", 100), mail("B", 100)],
        "exceptions_without_incident": 0,
        "event_gaps": 0,
        "invariants_broken": 0,
    }
    return audit(ChaosEvidence(struck=struck, **(values | changed)))


def test_a_clean_run_has_no_findings() -> None:
    clean = audited()
    assert clean.findings() == {}
    assert (clean.orders, clean.completed, clean.exceptions, clean.waiting) == (4, 2, 1, 1)


BOTH = [document("A", 1), document("B", 2)]


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"waiting": []}, "lost"),
        ({"ends": [row("A"), row("B"), row("C", None, 1)]}, "unended"),
        ({"ends": [row("A"), row("B", tokens=1), row("C", "exception")]}, "in_two_states"),
        ({"ends": [row("A"), row("A"), row("B"), row("C", "exception")]}, "in_two_states"),
        ({"waiting": ["W", "C"]}, "in_two_states"),
        ({"exceptions_without_incident": 1}, "exceptions_without_incident"),
        ({"documents": BOTH[:1], "recorded": {("A", 39, 1)}}, "dte_missing"),
        (
            {"documents": [*BOTH, document("A", 4)], "recorded": {("A", 39, 1), ("A", 39, 4), ("B", 39, 2)}},
            "dte_doubled",
        ),
        ({"documents": [document("A", 1), document("B", 1)], "recorded": {("A", 39, 1), ("B", 39, 1)}}, "dte_doubled"),
        ({"recorded": {("A", 39, 1)}}, "dte_without_order"),
        ({"documents": [*BOTH, document("W", 5)]}, "dte_without_order"),
        ({"redeemed": [{"order": "B"}, {"order": "B"}]}, "gift_cards_charged_twice"),
        ({"mails": [mail("A", 100)]}, "mails_missing"),
        ({"mails": [mail("A", 100), mail("B", 100), mail("B", 101)]}, "mails_doubled"),
        ({"event_gaps": 2}, "event_gaps"),
        ({"invariants_broken": 1}, "invariants_broken"),
    ],
)
def test_the_audit_finds_it(changed: dict[str, Any], finding: str) -> None:
    assert list(audited(**changed).findings()) == [finding]


def test_a_folio_that_a_retry_will_recover_is_counted_and_no_finding() -> None:
    found = audited(documents=[*BOTH, document("C", 5)])
    assert (found.dte_issued_before_exception, found.findings()) == (1, {})


def cut(at: float, kind: FaultKind = FaultKind.KILLED_MIDWAY, victim: str = "notify_customer") -> StruckFault:
    return StruckFault(at=at, kind=kind, victim=victim, count=1)


TWICE = [mail("A", 100), mail("B", 100), mail("B", 400)]


@pytest.mark.parametrize("struck", [cut(101), cut(100.5, FaultKind.CONNECTIONS_CUT, "")])
def test_a_mail_whose_sender_was_cut_off_may_come_twice(struck: StruckFault) -> None:
    found = audited(mails=TWICE, struck=[struck])
    assert (found.mails_doubled_in_crash_window, found.findings()) == (1, {})


@pytest.mark.parametrize("struck", [cut(120), cut(90), cut(101, victim="issue_dte"), cut(101, FaultKind.LEGACY_5XX)])
def test_a_fault_elsewhere_excuses_no_second_mail(struck: StruckFault) -> None:
    assert audited(mails=TWICE, struck=[struck]).findings() == {"mails_doubled": 1}
