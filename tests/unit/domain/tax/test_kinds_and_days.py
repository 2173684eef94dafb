"""The kind, day, rate and issuer of an order's document."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from tests.support.orders import OrderFile

from mtd.adapters.tax_settings import read_tax_settings
from mtd.domain.errors import BusinessError, ConfigurationError
from mtd.domain.orders import ubl
from mtd.domain.orders.order import Order
from mtd.domain.tax.amounts.rates import rate_on
from mtd.domain.tax.documents import delivery_notes_of, documents_of
from mtd.domain.tax.issuer import RETAILER, Issuer, Prices, TaxSettings
from mtd.domain.tax.issuing_day import issuing_day
from mtd.domain.tax.kinds import DocumentType, document_type, receiver_rut
from mtd.domain.tax.wire.document_xml import write

TODAY = date(2026, 11, 30)
COMPANY, PERSON, ANONYMOUS, FOREIGN = "76086428-5", "12345678-5", "66666666-6", "55555555-5"


def order(rut: str | None, *, asked: int | None = None, exempt: tuple[bool, bool] = (False, False)) -> Order:
    """An order of two lines without totals."""
    parsed = ubl.parse_order(OrderFile(number="N", buyer_rut=rut, payable=None, tax=None).xml().encode())
    lines = tuple(
        replace(line, tax_percent=None, tax_category="E" if is_exempt else None)
        for line, is_exempt in zip(parsed.lines, exempt, strict=True)
    )
    return replace(parsed, lines=lines, requested_document=asked)


@pytest.mark.parametrize(
    ("given", "kind", "receiver"),
    [
        (order(PERSON), 39, PERSON),
        (order(COMPANY), 33, COMPANY),
        (order(PERSON, asked=33), 33, PERSON),
        (order(COMPANY, asked=39), 39, COMPANY),
        (order(PERSON, exempt=(True, True)), 41, PERSON),
        (order(COMPANY, exempt=(True, True)), 34, COMPANY),
        (order(COMPANY, asked=33, exempt=(True, True)), 34, COMPANY),
        (order(COMPANY, exempt=(True, False)), 33, COMPANY),
        (order(PERSON, asked=41), 41, PERSON),
        (order(COMPANY, asked=34), 34, COMPANY),
        (order(None), 110, FOREIGN),
        (order(None, asked=39), 39, ANONYMOUS),
        (order(COMPANY, asked=110), 110, COMPANY),
    ],
)
def test_the_document_fits_buyer_taxes_and_what_is_asked_for(given: Order, kind: int, receiver: str) -> None:
    assert document_type(given) == kind
    assert receiver_rut(given) == receiver


@pytest.mark.parametrize("asked", [None, 33])
def test_generic_receivers_have_the_documents_that_the_sii_gave_them(asked: int | None) -> None:
    """RULES: 66666666-6 is a boleta without RUT, 55555555-5 a foreigner; both are above fifty million."""
    assert document_type(order(ANONYMOUS, asked=asked)) == DocumentType.BOLETA
    assert document_type(order(FOREIGN, asked=asked)) == DocumentType.EXPORT_INVOICE


def test_an_exempt_part_stands_beside_the_taxed_one() -> None:
    """[F] field 107: MntExe."""
    [factura] = documents_of(order(COMPANY, exempt=(True, False)), TaxSettings(), TODAY)
    [boleta] = documents_of(order(PERSON, exempt=(True, False)), TaxSettings(), TODAY)

    assert [factura.totals.net, factura.totals.exempt, factura.totals.tax] == [10_000, 10_000, 1_900]
    assert [boleta.totals.net, boleta.totals.exempt, boleta.totals.tax] == [8_403, 10_000, 1_597]
    assert boleta.totals.total == 20_000
    assert b"<IndExe>1</IndExe>" in write(factura)


def test_an_exempt_document_of_taxed_lines_is_refused() -> None:
    given = replace(ubl.parse_order(OrderFile(number="N", buyer_rut=COMPANY).xml().encode()), requested_document=34)

    with pytest.raises(BusinessError) as caught:
        documents_of(given, TaxSettings(), TODAY)
    assert caught.value.code == "document_contradicts_taxes"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("tax_percent", Decimal(10), "tax_rate_unknown"), ("tax_category", "AE", "tax_category_unknown")],
)
def test_a_tax_that_is_not_iva_is_refused(field: str, value: object, code: str) -> None:
    given = order(COMPANY)
    given = replace(given, lines=(replace(given.lines[0], **{field: value}), given.lines[1]))  # type: ignore[arg-type]

    with pytest.raises(BusinessError, match="line 1") as caught:
        documents_of(given, TaxSettings(), TODAY)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        # 22:30 of the 29th in Chile; the day in UTC is the next.
        ("2026-11-30T01:30:00+00:00", "2026-11-29"),
        ("2026-11-30T03:00:00+00:00", "2026-11-30"),
        # Winter time, UTC-4, until 2026-09-06; summer time, UTC-3, from then on: that day has 23 hours.
        ("2026-09-06T03:59:59+00:00", "2026-09-05"),
        ("2026-09-06T04:00:00+00:00", "2026-09-06"),
        ("2026-09-07T02:59:59+00:00", "2026-09-06"),
        ("2026-09-07T03:00:00+00:00", "2026-09-07"),
        # The night of 2026-04-04 comes back to 23:00: that day has 25 hours.
        ("2026-04-04T03:00:00+00:00", "2026-04-04"),
        ("2026-04-05T03:59:59+00:00", "2026-04-04"),
        ("2026-04-05T04:00:00+00:00", "2026-04-05"),
        ("2027-01-01T02:59:59+00:00", "2026-12-31"),
        ("2027-01-01T03:00:00+00:00", "2027-01-01"),
        ("2026-11-29T22:30:00-03:00", "2026-11-29"),
    ],
)
def test_the_day_is_the_issuers(moment: str, day: str) -> None:
    """[F] field 4; the zone America/Santiago of the IANA database."""
    assert issuing_day(datetime.fromisoformat(moment)).isoformat() == day


def test_days_of_23_and_25_hours_are_one_day_each() -> None:
    start = datetime(2026, 1, 1, 3, tzinfo=UTC)
    hours = [issuing_day(start + timedelta(hours=n)) for n in range(365 * 24)]

    counts = {day: hours.count(day) for day in set(hours)}

    assert sorted(set(counts.values())) == [23, 24, 25]
    assert (counts[date(2026, 4, 4)], counts[date(2026, 9, 6)]) == (25, 23)


def test_a_moment_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        issuing_day(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "rate"), [("2003-04-01", "0.18"), ("2003-09-30", "0.18"), ("2003-10-01", "0.19"), ("2026-11-30", "0.19")]
)
def test_the_rate_of_iva_is_that_of_the_day(day: str, rate: str) -> None:
    """Ley 19.888, article 1: 19 % from 2003-10-01."""
    assert rate_on(date.fromisoformat(day)) == Decimal(rate)


@pytest.mark.parametrize("day", ["2003-03-31", "2051-01-01"])
def test_a_day_that_the_sii_does_not_take_is_refused(day: str) -> None:
    """[F] field 4: 2003-04-01 to 2050-12-31."""
    with pytest.raises(BusinessError) as caught:
        documents_of(order(COMPANY), TaxSettings(), date.fromisoformat(day))
    assert caught.value.code == "date_out_of_range"


def test_the_issuer_is_the_sellers_setting() -> None:
    issuer = Issuer(
        rut="76123456-0",
        name="Tiendas Andes SpA",
        activity="Retail",
        activity_codes=(475909, 479100),
        branch=77,
        address="Morandé 10",
        district="Santiago",
    )
    ours = order(COMPANY)
    theirs = replace(ours, seller=replace(ours.seller, id="77890123-4", rut="77890123-4", name="ElectroSur"))
    foreign = replace(ours, seller=replace(ours.seller, id="987654325", name="Translation AS"))
    settings = TaxSettings(issuers={issuer.rut: issuer})

    sent = [write(documents_of(each, settings, TODAY)[0]).decode("iso-8859-1") for each in (ours, theirs, foreign)]

    assert "<RUTEmisor>76123456-0</RUTEmisor><RznSoc>Tiendas Andes SpA</RznSoc><GiroEmis>Retail</GiroEmis>" in sent[0]
    assert "<Acteco>475909</Acteco><Acteco>479100</Acteco><CdgSIISucur>77</CdgSIISucur>" in sent[0]
    assert "<RUTEmisor>77890123-4</RUTEmisor><RznSoc>ElectroSur</RznSoc>" in sent[1]
    # An identifier that is no RUT, although its last digit would be right: the default issues.
    assert f"<RUTEmisor>{RETAILER.rut}</RUTEmisor>" in sent[2]


def test_an_issuer_that_the_sii_would_not_take_is_refused() -> None:
    """[X] Emisor: Acteco one to four times, RznSoc and GiroEmis not empty."""
    for wrong in ({"activity_codes": ()}, {"activity": " "}, {"name": ""}):
        issuer = replace(RETAILER, **wrong)
        with pytest.raises(BusinessError) as caught:
            documents_of(order(COMPANY), TaxSettings(issuers={"76123456-0": issuer}), TODAY)
        assert caught.value.code == "issuer_incomplete"


def test_a_guia_goes_before_the_factura_by_the_sellers_setting() -> None:
    """[X] TipoDespacho and IndTraslado; LibreDTE 052_001."""
    settings = TaxSettings(default=replace(RETAILER, delivery_notes=True))

    [note] = delivery_notes_of(order(COMPANY), settings, TODAY)

    assert delivery_notes_of(order(COMPANY), TaxSettings(), TODAY) == ()
    assert [note.kind, note.totals.total] == [DocumentType.DELIVERY_NOTE, 23_800]
    assert b"<TipoDespacho>2</TipoDespacho><IndTraslado>1</IndTraslado>" in write(note)


def test_settings_are_read_from_their_parameter() -> None:
    text = (
        '{"issuers": [{"rut": "76.123.456-0", "name": "A", "activity": "B", "activity_codes": [479100], '
        '"prices": "gross"}], "pesos_per": {"USD": "950.2", "EUR": 1040}}'
    )

    settings = read_tax_settings(text)

    assert settings.issuers["76123456-0"].prices is Prices.GROSS
    assert settings.pesos_per == {"USD": Decimal("950.2"), "EUR": Decimal(1040)}
    assert settings.default is None
    assert read_tax_settings('{"default": {"rut": "1-9", "name": "A", "activity": "B", "activity_codes": [1]}}').default


def test_a_seller_without_settings_issues_nothing_where_there_is_no_default() -> None:
    with pytest.raises(BusinessError, match="76123456-0") as caught:
        documents_of(order(COMPANY), read_tax_settings(""), TODAY)
    assert caught.value.code == "issuer_unknown"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"issuers": [{"rut": "1-1"}]}',
        '{"issuers": [{}]}',
        '{"pesos_per": {"USD": "x"}}',
        '{"default": {"rut": "1-9", "name": "A"}}',
    ],
)
def test_settings_that_cannot_be_read_are_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="TAX_SETTINGS"):
        read_tax_settings(text)
