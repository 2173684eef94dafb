from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.orders import OrderFile

from mtd.domain.errors import BusinessError
from mtd.domain.orders import totals, ubl
from mtd.domain.orders.order import Order, Totals


def order(**knobs: object) -> Order:
    return ubl.parse_order(OrderFile(number="N", **knobs).xml().encode())  # type: ignore[arg-type]


def test_missing_totals_are_computed_with_the_lines_tax() -> None:
    result = totals.amounts(order(payable=None, tax=None))

    assert (result.lines, result.tax, result.payable) == (Decimal(20000), Decimal(3800), Decimal(23800))


def test_a_missing_tax_is_what_is_to_be_paid_beyond_the_net() -> None:
    assert totals.amounts(order(tax=None)).tax == Decimal(3800)


def test_given_totals_that_add_up_are_kept() -> None:
    given = order()
    exact = replace(
        given,
        totals=Totals(
            lines=Decimal(20000),
            tax_exclusive=Decimal(20000),
            tax=Decimal(3800),
            tax_inclusive=Decimal(23800),
            prepaid=Decimal(1000),
            payable=Decimal(22800),
        ),
    )

    assert totals.amounts(exact).payable == Decimal(22800)


@pytest.mark.parametrize("field", ["lines", "tax_exclusive", "tax_inclusive", "payable"])
def test_a_total_that_does_not_add_up_is_named(field: str) -> None:
    given = order()
    wrong = replace(given, totals=replace(given.totals, **{field: Decimal(77777)}))

    with pytest.raises(BusinessError, match="77777") as caught:
        totals.amounts(wrong)
    assert caught.value.code == "total_mismatch"


def test_a_line_amount_off_by_more_than_a_minor_unit_is_refused() -> None:
    given = order()
    wrong = replace(given, lines=(replace(given.lines[0], amount=Decimal(10002)), given.lines[1]))

    with pytest.raises(BusinessError, match="line 1"):
        totals.amounts(wrong)


def test_a_negative_tax_is_refused() -> None:
    with pytest.raises(BusinessError):
        totals.amounts(order(tax=None, payable="100"))


def test_what_is_beyond_reckoning_is_an_exception_with_its_reason() -> None:
    huge = "999999999999999"

    with pytest.raises(BusinessError) as caught:
        totals.amounts(order(lines=(("SKU", huge, huge),), payable=None, tax=None))
    assert caught.value.code == "amount_out_of_range"


@pytest.mark.parametrize("given", [Totals(prepaid=Decimal(-1)), Totals(prepaid=Decimal(99999))])
def test_nothing_is_credited_by_a_negative_amount(given: Totals) -> None:
    with pytest.raises(BusinessError) as caught:
        totals.amounts(replace(order(), totals=given))
    assert caught.value.code == "amount_negative"


@given(
    st.lists(st.tuples(st.integers(1, 1000), st.decimals("0.01", "99999", places=2)), min_size=1, max_size=20).map(
        tuple
    )
)
def test_computed_amounts_agree_with_themselves(lines: tuple[tuple[int, Decimal], ...]) -> None:
    given = order(
        currency="EUR", payable=None, tax=None, lines=tuple((f"S{i}", str(q), str(p)) for i, (q, p) in enumerate(lines))
    )
    once = totals.amounts(given)

    again = replace(
        given, totals=Totals(lines=once.lines, tax_exclusive=once.tax_exclusive, tax=once.tax, payable=once.payable)
    )

    assert totals.amounts(again) == once
