"""The state `completion`: nothing is left to do."""

from mtd.usecases.cases import Case, Done

STATE = "completion"


def complete_order(_case: Case) -> Done:
    """Always done; the end event that follows gives the order its outcome."""
    return Done()
