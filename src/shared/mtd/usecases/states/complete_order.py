"""The state `completion`: nothing is left to do."""

from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken

STATE = "completion"


def complete_order(_token: LeasedToken) -> EffectResult:
    """Always done; the end event that follows gives the order its outcome."""
    return EffectResult()
