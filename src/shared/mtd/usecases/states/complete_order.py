"""The state `completion`: the order is delivered, and nothing is left to do."""

from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken

STATE = "completion"


def complete_order(_token: LeasedToken) -> EffectResult:
    """Always succeeds. The end event after it gives the order its outcome."""
    return EffectResult()
