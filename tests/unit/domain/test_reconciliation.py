"""Tax documents against Paperless's, and how long folios last, without either."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.dte_files import dte
from tests.unit.legacy_simulator.test_simulator_http import Systems

from mtd.adapters.legacy.paperless_lists import HttpRegister
from mtd.domain.errors import InvalidRequest, UnavailableError
from mtd.domain.json_types import Json
from mtd.domain.tax.folios import FolioRange, FolioSeries, has_folios
from mtd.domain.tax.reconciliation import Difference, Forecast, Issued, differences, forecast
from mtd.usecases.ports import IssuedDte
from mtd.usecases.reporting.reconcile_dte import reconcile_dte

TODAY = date(2026, 9, 18)
ISSUER, OTHER = "76123456-0", "6824160-K"


def issued(key: str, folio: int = 1, document_type: int = 39, amount: str | None = "1000") -> Issued:
    return Issued(key=key, folio=folio, document_type=document_type, amount=Decimal(amount) if amount else None)


def test_differences_go_both_ways_and_into_what_both_have() -> None:
    ours = [issued("a"), issued("b", 2), issued("c", 3), issued("d", 4), issued("e", 5), issued("f", 6)]
    theirs = [issued("a"), issued("c", 3, 33), issued("d", 9), issued("e", 5, amount="999"), issued("z", 7)]
    theirs.append(issued("f", 6, amount=None))

    found = [(each.key, each.kind) for each in differences(ours, theirs)]

    assert found == [("b", "missing_there"), ("c", "type"), ("d", "folio"), ("e", "amount"), ("z", "missing_here")]
    assert differences([issued("a", amount="1000.00")], [issued("a")]) == []


@pytest.mark.parametrize(
    ("ranges", "rate", "lasts"),
    [
        ([(100, None)], 0.0, None),
        ([(100, None)], 8.0, 12),
        ([(100, date(2026, 9, 28))], 8.0, 10),
        ([(100, date(2026, 10, 28))], 8.0, 12),
        ([(0, None)], 0.0, 0),
        ([(100, date(2026, 9, 18))], 1.0, 0),
        ([(10, date(2026, 9, 1)), (50, date(2026, 12, 31))], 5.0, 10),
    ],
)
def test_folios_last_until_they_are_used_up_or_expire(ranges: list[Any], rate: float, lasts: int | None) -> None:
    own = [FolioRange(issuer=ISSUER, document_type=33, left=left, expires_on=expires) for left, expires in ranges]

    [found] = forecast(own, {(ISSUER, 33): rate, (OTHER, 33): 1000.0, (ISSUER, 39): 1000.0}, TODAY)

    assert (found.document_type, found.lasts_days) == (33, lasts)


def test_each_issuer_has_a_forecast_of_its_own() -> None:
    ranges = [FolioRange(issuer=each, document_type=39, left=70, expires_on=None) for each in (OTHER, ISSUER)]

    found = forecast(ranges, {(ISSUER, 39): 7.0}, TODAY)

    assert [(each.issuer, each.per_day, each.lasts_days) for each in found] == [(OTHER, 0, None), (ISSUER, 7, 10)]


def test_a_range_without_an_issuer_serves_all() -> None:
    [found] = forecast(
        [FolioRange(issuer=None, document_type=39, left=70, expires_on=None)],
        {(ISSUER, 39): 7.0, (OTHER, 39): 3.0, (OTHER, 33): 3.0},
        TODAY,
    )
    assert found.per_day == 10


@pytest.mark.parametrize(
    ("given", "has"),
    [
        ({}, True),
        ({"issuer": None}, True),
        ({"issuer": OTHER}, False),
        ({"document_type": 33}, False),
        ({"left": 0}, False),
        ({"expires_on": TODAY}, False),
        ({"expires_on": TODAY + timedelta(days=1)}, True),
    ],
)
def test_a_series_has_folios_while_a_range_of_its_own_is_usable(given: dict[str, Any], has: bool) -> None:
    values: dict[str, Any] = {"issuer": ISSUER, "document_type": 39, "left": 1, "expires_on": None} | given
    assert has_folios(FolioSeries(issuer=ISSUER, document_type=39), [FolioRange(**values)], TODAY) is has


def test_a_series_is_known_by_its_circuit() -> None:
    series = FolioSeries(issuer="6824160-K", document_type=110)
    assert FolioSeries.of_circuit(series.circuit) == series
    assert [FolioSeries.of_circuit(name) for name in ("paperless", "folios-x-39", "folios-1-9-39 ")] == [None] * 3


@dataclass
class FakeRegister:
    documents: list[Issued]
    elsewhere: dict[str, IssuedDte] = field(default_factory=dict)

    def issued_on(self, day: date) -> list[Issued]:
        assert day == date(2026, 9, 17)
        return self.documents

    def folio_ranges(self) -> list[FolioRange]:
        return [FolioRange(issuer=None, document_type=39, left=70, expires_on=None)]

    def recover(self, key: str) -> IssuedDte | None:
        return self.elsewhere.get(key)


@dataclass
class FakeDocuments:
    documents: list[Issued]
    stored: list[Any] = field(default_factory=list)

    def today(self, zone: str) -> date:
        assert zone == "America/Santiago"
        return TODAY

    def issued(self, day: date, zone: str, keys: Sequence[str]) -> list[Issued]:
        assert (day, zone) == (date(2026, 9, 17), "America/Santiago")
        return [each for each in self.documents if each.key in keys or each.key.startswith("day")]

    def per_day(self, days: int) -> dict[tuple[str | None, int], float]:
        return {(ISSUER, 39): 70 / days}

    def store(self, day: date, counts: Json, found: Sequence[Difference], folios: Sequence[Forecast]) -> None:
        self.stored.append((day, counts, len(found), folios[0].lasts_days))


def test_yesterday_is_compared_and_kept() -> None:
    documents = FakeDocuments([issued("day-1"), issued("day-2", 2), issued("other", 3)])
    register = FakeRegister([issued("other", 3), issued("theirs", 4)])

    found = reconcile_dte(None, register, documents)

    assert [(each.key, each.kind) for each in found.found] == [
        ("day-1", "missing_there"),
        ("day-2", "missing_there"),
        ("theirs", "missing_here"),
    ]
    assert documents.stored == [(date(2026, 9, 17), {"ours": 3, "theirs": 2}, 3, 7)]
    assert found.least_days == 7


def test_a_document_that_paperless_dates_otherwise_is_not_missing() -> None:
    known = {
        "day-1": IssuedDte(document_type=39, folio=1, issued_at="2026-09-18"),
        "day-2": IssuedDte(document_type=39, folio=8, issued_at="2026-09-18"),
    }
    found = reconcile_dte(None, FakeRegister([], known), FakeDocuments([issued("day-1"), issued("day-2", 2)]))

    assert [each.key for each in found.found] == ["day-2"]


@pytest.mark.parametrize("day", ["soon", "2026-09-19", "2020-01-01"])
def test_a_day_that_cannot_be_reconciled_is_refused(day: str) -> None:
    with pytest.raises(InvalidRequest):
        reconcile_dte(day, FakeRegister([]), FakeDocuments([]))


def test_the_simulators_lists_are_read_page_by_page() -> None:
    with asyncio.Runner() as runner:
        systems = Systems(runner)
        for n in range(1, 503):
            content = dte(f"N-{n}", kind=33, total=1190 + n)
            systems.post("/paperless/dte", content=content, headers={"Idempotency-Key": f"k-{n}"})
        asked: list[str] = []

        def call(_method: str, url: str, *_: object) -> tuple[int, bytes]:
            asked.append(url)
            answer = systems.get(url.removeprefix("http://legacy"))
            return answer.status_code, answer.content

        register = HttpRegister("http://legacy/paperless", 1, call)
        issued = systems.get("/paperless/dte/k-1").text.partition("<FechaEmision>")[2]
        day = date.fromisoformat(issued[:10])

        found = register.issued_on(day)
        assert (len(found), len(asked)) == (502, 2)
        assert found[6] == Issued(key="k-7", document_type=33, folio=7, amount=Decimal(1197))
        assert register.issued_on(date(2020, 1, 1)) == []
        assert register.folio_ranges() == [
            FolioRange(issuer=ISSUER, document_type=33, left=10_000_000 - 502, expires_on=day + timedelta(days=183))
        ]
        assert systems.get("/paperless/dte?fecha=soon").status_code == 400
        with pytest.raises(UnavailableError):
            HttpRegister("http://legacy/nowhere", 1, call).folio_ranges()
