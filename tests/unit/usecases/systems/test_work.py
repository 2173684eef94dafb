"""Tasks of systems that have workers: leased, reported on, and lost."""

import dataclasses
from dataclasses import dataclass, field

import pytest
from tests.unit.support.fakes import leased
from tests.unit.support.fraud import FRAUD
from tests.unit.usecases.systems.test_call_system import NODE, SystemStore, plan

from mtd.domain.errors import Conflict, MtdError
from mtd.usecases.flow.effects import StateRun
from mtd.usecases.flow.tokens import LeasedToken, LeaseResult
from mtd.usecases.systems.work import WorkLease, WorkReport, WorkRequest, lease_work, report_work, work_error

WAREHOUSE = dataclasses.replace(FRAUD, url="", lease_seconds=60.0)
RUN = StateRun(function="call_system", request_id="r")
LEASE = WorkLease(token_id=1, version=3, attempts=1)


@dataclass(slots=True)
class FakeWork:
    """Hands out the tokens once; keeps what was asked for."""

    tokens: list[LeasedToken] = field(default_factory=list)
    after: int = 0
    asked: list[tuple[str, str, int, float]] = field(default_factory=list)

    def lease(self, server: str, system: str, most: int, lease_seconds: float) -> LeaseResult:
        self.asked.append((server, system, most, lease_seconds))
        return LeaseResult(tokens=self.tokens if len(self.asked) > self.after else [])

    def leased(self, server: str, lease: WorkLease) -> LeaseResult:
        assert server == "system:fraud"
        found = [t for t in self.tokens if (t.token_id, t.version, t.attempts) == (1, 3, lease.attempts)]
        return LeaseResult(tokens=found)


class Clock:
    """Time that goes on only when somebody sleeps."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def store(*tokens: LeasedToken) -> SystemStore:
    return SystemStore(tokens=list(tokens), plan=plan())


def ask(work: FakeWork, kept: SystemStore, wait: float = 0.0) -> list[dict[str, object]]:
    asked = WorkRequest(worker="w", most=2, wait_seconds=wait, lease_seconds=30)
    clock = Clock()
    answer = lease_work(WAREHOUSE, asked, work, kept, RUN, clock, clock.sleep)
    tasks: list[dict[str, object]] = answer["tasks"]
    return tasks


def test_a_worker_gets_what_the_sheet_sends() -> None:
    token = leased(NODE)
    work = FakeWork([token])

    [task] = ask(work, store(token))

    assert work.asked == [("system:fraud", "fraud", 2, 30)]
    assert (task["lease"], task["operation"], task["order"]) == ("1.3.1", "check", "N-1")
    assert task["key"] == f"{token.order_id}:{NODE}:1"
    assert task["request"] == {"id": "N-1", "amount": 23800, "buyer": {"rut": token.order.buyer.rut, "new": True}}
    assert (task["tries"], task["outcome_unknown"]) == (1, False)


def test_a_request_waits_for_a_task_and_no_longer_than_asked() -> None:
    token = leased(NODE)

    assert len(ask(FakeWork([token], after=3), store(token), wait=5)) == 1
    work = FakeWork()
    assert ask(work, store(), wait=2) == []
    assert len(work.asked) == 5


def test_a_task_whose_workers_all_died_fails() -> None:
    token = leased(NODE, attempts=11)
    kept = store(token)

    assert ask(FakeWork([token]), kept) == []
    assert kept.committed[1].events[0].detail["code"] == "cut_off"


def test_the_order_goes_on_by_the_workers_answer() -> None:
    token = leased(NODE)
    kept = store(token)
    report = WorkReport(worker="w-1", lease=LEASE, answer={"score": 7})

    answer = report_work(WAREHOUSE, report, FakeWork([token]), kept, RUN)

    assert answer["done"] == "done"
    assert kept.committed[1].values[0].data == {"score": 7}
    [event] = kept.committed[1].events
    assert (event.detail["worker"], event.detail["hops"][-1]["what"]) == ("w-1", "check by w-1")


@pytest.mark.parametrize(
    ("error", "decided", "code"),
    [
        (work_error("error", "no_stock", "none left", None), "failed", "no_stock"),
        (work_error("fail", "busy", "later", 30.0), "retried", "busy"),
    ],
)
def test_a_worker_reports_an_error(error: MtdError, decided: str, code: str) -> None:
    token = leased(NODE)
    kept = store(token)

    answer = report_work(WAREHOUSE, WorkReport(worker="w", lease=LEASE, error=error), FakeWork([token]), kept, RUN)

    assert answer["done"] == decided
    assert kept.committed[1].events[0].detail["code"] == code
    assert [each.delay_seconds for each in kept.committed[1].retried_tokens] == ([30.0] if decided == "retried" else [])


def test_an_answer_that_the_sheet_refuses_takes_the_error_way() -> None:
    token = leased(NODE)
    kept = store(token)
    report = WorkReport(worker="w", lease=LEASE, answer={"code": "X1", "score": 1})

    assert report_work(WAREHOUSE, report, FakeWork([token]), kept, RUN)["done"] == "failed"
    assert kept.committed[1].events[0].detail["code"] == "blocked"


def test_a_report_after_the_lease_is_refused() -> None:
    token = leased(NODE, attempts=2)
    kept = store(token)

    with pytest.raises(Conflict) as lost:
        report_work(WAREHOUSE, WorkReport(worker="w", lease=LEASE, answer={}), FakeWork([token]), kept, RUN)
    assert (lost.value.code, kept.committed) == ("lease_lost", {})


def test_an_order_that_went_on_meanwhile_is_not_moved_again() -> None:
    token = leased(NODE)
    kept = store(token)
    kept.stale = True

    with pytest.raises(Conflict) as lost:
        report_work(WAREHOUSE, WorkReport(worker="w", lease=LEASE, answer={"score": 1}), FakeWork([token]), kept, RUN)
    assert lost.value.code == "lease_lost"


def test_a_system_that_is_called_has_no_workers() -> None:
    asked = WorkRequest(worker="w", lease_seconds=1)

    with pytest.raises(Conflict) as refused:
        lease_work(FRAUD, asked, FakeWork(), store(), RUN)
    assert refused.value.code == "no_workers"
