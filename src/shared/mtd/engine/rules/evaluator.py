"""Rules over an order: a checked tree of JSON lists, evaluated without a parser, a library or `eval`.

The language is a subset of CEL (https://cel.dev) with one kind of number, a decimal; `rule_parser` makes the trees when
a process is imported. Evaluation has no loops but `exists` and `all` over a list of the order, so it always ends.
"""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from typing import Any

from mtd.engine.messages.phrases import Phrase, PhrasedError

type RuleTree = list[Any]
type Facts = Mapping[str, Any]


def evaluate(tree: RuleTree, facts: Facts) -> Any:
    """The rule's value. Raises ProcessError (`unknown_fact`) when the order has not what the rule asks for."""
    try:
        return _OPERATIONS[tree[0]](tree, facts)
    except (KeyError, IndexError) as missing:
        raise PhrasedError(Phrase("unknown_fact", fact=str(missing)), code="unknown_fact") from None
    except (TypeError, AttributeError, ValueError, DecimalException) as error:
        raise PhrasedError(Phrase("unanswerable", detail=str(error)), code="unknown_fact") from None


def holds(tree: RuleTree, facts: Facts) -> bool:
    """A condition's answer. Raises ProcessError when it is neither true nor false."""
    answer = evaluate(tree, facts)
    if answer is not True and answer is not False:
        raise PhrasedError(Phrase("no_yes_or_no", answer=repr(answer)), code="unknown_fact")
    return answer


def storable(value: Any) -> Any:
    """The value as JSON types: whole numbers as integers, other decimals as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    return value


def captured(value: Any) -> Any:
    """The value as JSON types that rules can ask again: a decimal as a number where that keeps it, else as text."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(str(float(value))) == value else str(value)
    if isinstance(value, Mapping):
        return {name: captured(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [captured(each) for each in value]
    return value


def _run(tree: RuleTree, facts: Facts) -> Any:
    return _OPERATIONS[tree[0]](tree, facts)


def _field(tree: RuleTree, facts: Facts) -> Any:
    return _run(tree[1], facts)[tree[2]]


def _has(tree: RuleTree, facts: Facts) -> bool:
    owner = _run(tree[1], facts)
    return owner is not None and owner.get(tree[2]) is not None


def _index(tree: RuleTree, facts: Facts) -> Any:
    key = _run(tree[2], facts)
    return _run(tree[1], facts)[int(key) if isinstance(key, Decimal) else key]


def _quantified(every: bool) -> Callable[[RuleTree, Facts], bool]:
    def run(tree: RuleTree, facts: Facts) -> bool:
        _, collection, name, condition = tree
        answers = (_run(condition, {**facts, name: each}) for each in _run(collection, facts))
        return all(answers) if every else any(answers)

    return run


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[RuleTree, Facts], Any]:
    def run(tree: RuleTree, facts: Facts) -> Any:
        return function(_run(tree[1], facts), _run(tree[2], facts))

    return run


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "size": lambda value: Decimal(len(value)),
    "double": _decimal,
    "string": lambda value: str(storable(value)),
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": lambda text, part: part in text,
}


def _call(tree: RuleTree, facts: Facts) -> Any:
    return _FUNCTIONS[tree[1]](*(_run(each, facts) for each in tree[2:]))


def _number(value: Any) -> Any:
    """A number that came through JSON counts as a decimal, and never as a truth."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return Decimal(str(value)) if isinstance(value, float) else value


_OPERATIONS: dict[str, Callable[[RuleTree, Facts], Any]] = {
    "value": lambda tree, _: tree[1],
    "number": lambda tree, _: Decimal(tree[1]),
    "list": lambda tree, facts: [_run(each, facts) for each in tree[1:]],
    # A mapping, from names and rules in turn: ["object", name, rule, name, rule].
    "object": lambda tree, facts: {tree[at]: _run(tree[at + 1], facts) for at in range(1, len(tree), 2)},
    "name": lambda tree, facts: _number(facts[tree[1]]),
    "field": lambda tree, facts: _number(_field(tree, facts)),
    "has": _has,
    "index": lambda tree, facts: _number(_index(tree, facts)),
    "call": _call,
    "exists": _quantified(every=False),
    "all": _quantified(every=True),
    "if": lambda tree, facts: _run(tree[2 if _run(tree[1], facts) else 3], facts),
    "and": lambda tree, facts: _run(tree[1], facts) and _run(tree[2], facts),
    "or": lambda tree, facts: _run(tree[1], facts) or _run(tree[2], facts),
    "not": lambda tree, facts: not _run(tree[1], facts),
    "negative": lambda tree, facts: -_run(tree[1], facts),
    "in": _binary(lambda item, collection: item in collection),
    "==": _binary(operator.eq),
    "!=": _binary(operator.ne),
    "<": _binary(operator.lt),
    "<=": _binary(operator.le),
    ">": _binary(operator.gt),
    ">=": _binary(operator.ge),
    "+": _binary(operator.add),
    "-": _binary(operator.sub),
    "*": _binary(operator.mul),
    "/": _binary(operator.truediv),
    "%": _binary(operator.mod),
}
