"""The instances of a multi-instance activity: begun with their elements, done one by one, their values gathered."""

from dataclasses import replace
from typing import Any

from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.plan import INSTANCE_COUNTS, MultiInstance, Node
from mtd.engine.model.tokens import Token, Waits
from mtd.engine.rules import evaluator
from mtd.engine.runtime.step_state import Arrival, StepState


def begin(case: StepState, node: Node, token_id: int, scope: int | None) -> bool:
    """Capture the list and send the first instance, or all of them. Whether the list has an element.

    Raises ProcessError (`unknown_fact`) when there is no list.
    """
    repeat = node.repeat
    assert repeat is not None
    elements = evaluator.evaluate(repeat.collection, case.facts_at(scope))
    if not isinstance(elements, list | tuple):
        raise PhrasedError(Phrase("repeats_over", node=node.name, found=repr(elements)), code="unknown_fact")
    if not elements:
        return False
    listed = tuple(map(evaluator.captured, elements))
    if repeat.sequential:
        case.park(token_id, node.id, Waits.INSIDE, scope, size=len(listed), elements=listed)
        listed = listed[:1]
    else:
        case.park(token_id, node.id, Waits.INSIDE, scope, size=len(listed), left=len(listed))
    made = [
        Arrival(case.new_id(), node.id, token_id, item=item, element=element) for item, element in enumerate(listed)
    ]
    case.arrivals += reversed(made)
    return True


def complete(case: StepState, node: Node, token: Token, outer: Token) -> None:
    """An instance is done: the next begins, or the activity goes on when it was the last, or its condition holds."""
    assert node.repeat is not None
    assert token.item is not None
    follows = token.item + 1
    one_by_one = outer.elements is not None or (outer.left is None and node.repeat.sequential)
    size = outer.size or 0
    left = size - follows if one_by_one else None if outer.left is None else outer.left - 1
    ended = _ends_early(case, node.repeat, token, size, left or 0)
    if token.values:
        case.tokens[token.id] = replace(token, waits=Waits.DONE, element=None)
    else:
        del case.tokens[token.id]
    if ended or left == 0 or (left is None and _is_last(case, outer.id)):
        _gather(case, outer)
        case.cancel_inside(outer.id)
        case.arrivals.append(Arrival(outer.id, node.id, outer.scope, leaving=True))
    elif one_by_one:
        element = outer.elements[follows] if outer.elements is not None else None
        following = case.new_id() if token.values else token.id
        case.arrivals.append(Arrival(following, node.id, outer.id, item=follows, element=element))
    elif left is not None:
        case.tokens[outer.id] = replace(outer, left=left)


def _is_last(case: StepState, outer: int) -> bool:
    """Whether no instance is left; tokens of earlier releases do not count theirs."""
    return not any(token.scope == outer and token.waits is not Waits.DONE for token in case.tokens.values())


def _ends_early(case: StepState, repeat: MultiInstance, token: Token, size: int, left: int) -> bool:
    """Whether the completion condition holds, which sees the values of the instance that is done."""
    if repeat.until is None:
        return False
    counts = dict(zip(INSTANCE_COUNTS, (size, left, size - left), strict=True))
    return evaluator.holds(repeat.until, {**case.facts_at(token.id), **counts})


def _gather(case: StepState, outer: Token) -> None:
    """The results of the instances, as lists in the order of the elements; None for an instance without a result."""
    done = [token for token in case.tokens.values() if token.scope == outer.id and token.waits is Waits.DONE]
    gathered: dict[str, list[Any]] = {}
    for token in done:
        for name, value in (token.values or {}).items():
            gathered.setdefault(name, [None] * (outer.size or 0))[token.item or 0] = value
    if gathered:
        case.store(dict(gathered), case.tokens.get(outer.scope) if outer.scope is not None else None)
