"""The answers of connected systems, read by the rules of the task that asked."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.engine.model.plan import ServerCall
from mtd.engine.rules import evaluator
from mtd.engine.rules.evaluator import Facts


def with_answer(facts: Facts, answer: Any, status: int = 200) -> Facts:
    """The facts that rules over an answer may ask."""
    return {**facts, "answer": answer, "status": Decimal(status)}


def refusal_code(call: ServerCall, known: Facts) -> str | None:
    """The error code of the first rule of `errors` that holds; None where none does."""
    for case in call.errors:
        if case.when is not None and _holds(case.when, known):
            return case.code
    return None


def values_of(call: ServerCall, known: Facts) -> Mapping[str, Any]:
    """The values that `result` keeps. Raises ProcessError where the answer lacks one."""
    return {name: evaluator.captured(evaluator.evaluate(rule, known)) for name, rule in call.result}


def _holds(rule: evaluator.RuleTree, known: Facts) -> bool:
    try:
        return evaluator.holds(rule, known)
    except ProcessError:
        # The answer has not what the rule asks for, so it is another answer than the rule is for.
        return False
