"""Walks a plan on every way it can go, to find joins at which an order could wait for ever.

Rules may answer anything, every task may fail where an event catches that, every time may come. Ways that lead to the
same places are walked once. A large plan is not walked, and a long walk is broken off: then nothing is said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.engine.messages.phrases import Phrase, phrase_of
from mtd.engine.model.plan import EventType, Node, NodeKind, Plan
from mtd.engine.model.tokens import (
    MessageReceived,
    SignalReceived,
    TaskCompleted,
    TaskFailed,
    TimerFired,
    Token,
    TokenChanges,
    Tokens,
    Trigger,
    Waits,
    applied,
)
from mtd.engine.runtime import interpreter

_MOST_NODES = 200
_MOST_STEPS = 1_500
_MOST_TOKENS = 20
_TWICE = ["list", ["number", "1"], ["number", "2"]]


def stuck_joins(plan: Plan, start: Tokens | None = None) -> list[Phrase]:
    """A phrase for each join that can wait for ever, with the step after which it does.

    `start`: the tokens to walk from, else the process's beginning.
    """
    joins = any(node.incoming for node in plan.nodes.values())
    return _Exploration(plan).all(start) if joins and len(plan.nodes) <= _MOST_NODES else []


class _Answers(Mapping[str, Any]):
    """Answers the rules in turn: as given, then false. `asked` counts them."""

    def __init__(self, given: tuple[bool, ...]) -> None:
        self._given = given
        self.asked = 0

    def __getitem__(self, name: str) -> Any:
        if name == "data":
            return {}
        self.asked += 1
        return self.asked <= len(self._given) and self._given[self.asked - 1]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Exploration:
    def __init__(self, plan: Plan) -> None:
        self._plan = replace(plan, nodes={node.id: _freed(node) for node in plan.nodes.values()}, reach={})
        self._steps = 0
        self._found: dict[Phrase, None] = {}

    def all(self, start: Tokens | None) -> list[Phrase]:
        pending = [dict(start)] if start else [applied({}, changes) for changes in self._outcomes({}, None)]
        seen: set[object] = set()
        while pending and self._steps < _MOST_STEPS:
            tokens = pending.pop()
            stands = places(tokens) if len(tokens) <= _MOST_TOKENS else None
            if stands in seen or stands is None:
                continue
            seen.add(stands)
            for trigger in self._triggers(tokens):
                pending += [applied(tokens, changes) for changes in self._outcomes(tokens, trigger)]
        return list(self._found)

    def _outcomes(self, tokens: Tokens, trigger: Trigger | None) -> Iterator[TokenChanges]:
        """The results that the trigger can have: one for each row of answers that the rules on its way can get."""
        rows: list[tuple[bool, ...]] = [()]
        while rows:
            given = rows.pop()
            answers = _Answers(given)
            self._steps += 1
            try:
                if trigger is None:
                    yield interpreter.begin(self._plan, answers)
                else:
                    yield interpreter.step(self._plan, tokens, trigger, answers)
            except ProcessError as error:
                if error.code == "deadlock" and trigger is not None:
                    code = "can_happen_after_failure" if isinstance(trigger, TaskFailed) else "can_happen_after"
                    step = self._name(tokens, trigger)
                    self._found.setdefault(Phrase(code, problem=phrase_of(error), step=step))
            known = given + (False,) * (answers.asked - len(given))
            rows += [(*known[:place], True) for place in range(len(given), min(answers.asked, 12))]

    def _triggers(self, tokens: Tokens) -> Iterator[Trigger]:
        asked: set[tuple[str, int | None]] = set()
        for token in tokens.values():
            node = self._plan.nodes[token.node]
            if (token.node, token.scope) in asked:
                continue
            asked.add((token.node, token.scope))
            if token.waits in (Waits.SERVICE, Waits.PERSON):
                yield TaskCompleted(token=token.id)
                for code in self._caught(node):
                    yield TaskFailed(token=token.id, code=code)
            elif token.waits is Waits.TIME:
                yield TimerFired(token=token.id)
            elif token.waits is Waits.SIGNAL and node.code is not None:
                yield SignalReceived(signal=node.code)
            elif token.waits is Waits.MESSAGE and node.code is not None:
                yield MessageReceived(message=node.code)

    def _caught(self, node: Node) -> Iterator[str | None]:
        """The codes that boundary events on the task and around it catch."""
        for boundary in (self._plan.nodes[each] for each in node.boundaries):
            if boundary.trigger is EventType.ERROR:
                yield boundary.code
        if node.scope is not None:
            yield from self._caught(self._plan.nodes[node.scope])

    def _name(self, tokens: Tokens, trigger: Trigger) -> str:
        if isinstance(trigger, MessageReceived):
            return trigger.message
        if isinstance(trigger, SignalReceived):
            return trigger.signal
        return self._plan.nodes[tokens[trigger.token].node].name


def _freed(node: Node) -> Node:
    """Its rules are questions, its lists have two elements, its scripts set nothing, its cycles fire once, and what it
    waits for to hold does."""
    flows = tuple(flow if flow.when is None else replace(flow, when=["name", "?"]) for flow in node.flows)
    if flows and node.kind is NodeKind.EXCLUSIVE and all(flow.when is not None for flow in flows):
        # Some rule holds: an order that fits none is stopped, and told of elsewhere.
        flows = (*flows[:-1], replace(flows[-1], when=None, default=True))
    repeat = node.repeat and replace(node.repeat, collection=_TWICE)
    when = node.when and ["value", True]
    return replace(node, flows=flows, repeat=repeat, sets=(), when=when, time="PT1S" if node.time else node.time)


def places(tokens: Tokens) -> object:
    """The tokens without their ids: equal for equal places."""

    def inside(scope: int | None) -> tuple[object, ...]:
        return tuple(sorted((place(t) for t in tokens.values() if t.scope == scope), key=repr))

    def place(token: Token) -> tuple[object, ...]:
        return (token.node, token.waits.value, token.via, token.item, inside(token.id))

    return inside(None)
