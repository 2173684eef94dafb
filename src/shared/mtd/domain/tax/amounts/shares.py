"""Sums shared out so that the shares add up to the peso."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Protocol


class Counted(Protocol):
    """A line, a discount or a surcharge: it counts to the taxed or to the exempt part."""

    @property
    def amount(self) -> Decimal: ...

    @property
    def exempt(self) -> bool: ...


def sum_of(parts: Iterable[Counted], *, exempt: bool) -> Decimal:
    """The sum of the taxed or of the exempt ones."""
    return sum((each.amount for each in parts if each.exempt is exempt), Decimal(0))


def shares(total: Decimal, weights: Sequence[Decimal], unit: Decimal = Decimal(1)) -> list[Decimal]:
    """The total in proportion to the weights, in multiples of `unit`, by largest remainders.

    Each share is less than a unit from its exact part, none is beyond its weight where the total is not, and they add
    up to the total, which is a multiple of the unit. Without weights the first has it all.
    """
    whole = sum(weights, Decimal(0))
    if not whole:
        return [total if index == 0 else Decimal(0) for index in range(len(weights))]
    sign = -1 if total < 0 else 1
    exact = [abs(total) * weight / whole for weight in weights]
    parts = [(each / unit).to_integral_value(ROUND_FLOOR) * unit for each in exact]
    left = int((abs(total) - sum(parts, Decimal(0))) / unit)
    by_remainder = sorted(range(len(exact)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[:left]:
        parts[index] += unit
    return [part * sign for part in parts]
