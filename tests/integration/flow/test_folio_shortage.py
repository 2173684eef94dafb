"""A series of folios runs out in the middle of a batch of orders, and gets a further range."""

import pytest

from mtd.domain.tax import rut
from mtd.domain.tax.folios import FolioSeries
from tests.integration.system import System, until
from tests.support.orders import OrderFile

PARKED = (
    "select t.parked_for from tokens t join orders o using (order_id)"
    " where o.number = any(%s) and t.parked_for is not null"
)
CIRCUIT = "select state, reason from circuits where system = %s"
FOLIOS = "select d.folio from tax_documents d join orders o using (order_id) where o.number = any(%s) order by d.folio"


@pytest.fixture
def series(number: str) -> FolioSeries:
    """The boletas of an issuer that no other test has."""
    digits = 50_000_000 + int(number[-6:], 16)
    return FolioSeries(issuer=f"{digits}-{rut.check_digit(digits)}", document_type=39)


def test_three_folios_serve_three_of_ten_orders_and_a_further_range_the_others(
    system: System, number: str, series: FolioSeries
) -> None:
    numbers = [f"{number}-{each}" for each in range(10)]
    system.authorise_folios(series.issuer, 39, 501, 503)
    for each in numbers:
        file = OrderFile(number=each).xml().replace("76123456-0", series.issuer)
        system.put(file, f"{each}.xml")

    until(lambda: len(system.sql(PARKED, numbers)) == 7, bool)
    assert {row["parked_for"] for row in system.sql(PARKED, numbers)} == {series.circuit}
    assert [row["folio"] for row in system.sql(FOLIOS, numbers)] == [501, 502, 503]
    [circuit] = system.sql(CIRCUIT, series.circuit)
    assert circuit["state"] == "open"
    assert "CAF_AGOTADO" in circuit["reason"]
    shown = [each for each in system.call("GET", "/circuits")[1]["circuits"] if each["system"] == series.circuit]
    assert [each["parked"] for each in shown] == [7]

    system.invoke("relay_outbox", {})
    assert system.sql(CIRCUIT, series.circuit)[0]["state"] == "open"

    system.authorise_folios(series.issuer, 39, 601, 700)
    system.invoke("relay_outbox", {})
    for each in numbers:
        system.ended(each, "completed")
    # None is skipped, none is doubled.
    assert [row["folio"] for row in system.sql(FOLIOS, numbers)] == [501, 502, 503, *range(601, 608)]
    assert system.sql(CIRCUIT, series.circuit)[0]["state"] == "closed"
