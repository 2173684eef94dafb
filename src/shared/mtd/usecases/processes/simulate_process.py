"""Walks a sample order through a version of a process, without a database, a clock, a legacy system or a person.

Every task is done at once, every timer is due, every message comes. `fails` names the tasks that fail for good instead.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.domain.json_types import Json
from mtd.domain.orders.facts import facts
from mtd.domain.orders.order import Order
from mtd.engine.messages.phrases import Phrase, PhrasedError, phrase_of, to_json
from mtd.engine.model.plan import Node, Plan
from mtd.engine.model.tokens import (
    MessageReceived,
    SignalReceived,
    TaskCompleted,
    TaskFailed,
    TimerFired,
    Token,
    TokenChanges,
    Trigger,
    Waits,
    applied,
)
from mtd.engine.runtime import interpreter

MOST_STEPS = 500
"""The limit of steps, because a diagram with a way back may never end."""

type Choose = Callable[[str, tuple[str, ...]], str]
"""Answers a choice, by its name and its options."""


@dataclass(slots=True)
class _Simulation:
    """A sample order on its way: its tokens, its values, and the steps taken."""

    plan: Plan
    order: Order
    tokens: dict[int, Token]
    values: dict[str, Any]
    steps: list[Json]
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    choose: Choose | None = None
    outcome: str | None = None

    @property
    def known(self) -> Mapping[str, Any]:
        return facts(self.order, self.values)

    def take(self, what: str, node: str, changes: TokenChanges) -> None:
        self.tokens = applied(self.tokens, changes)
        self.values |= changes.values
        self.outcome = changes.outcome
        visited = [{"node": each, "name": self.plan.nodes[each].name} for each in changes.visited]
        self.steps.append({"what": what, "node": node, "visited": visited, "values": dict(changes.values)})


def simulate_process(
    plan: Plan,
    order: Order,
    fails: Collection[str],
    values: Mapping[str, Any],
    choose: Choose | None = None,
    results: Mapping[str, Mapping[str, Any]] | None = None,
) -> Json:
    """The order's way: its `steps`, and the `outcome` that it reaches.

    Without an outcome, `stands` names the nodes where the order is, and `problem` the reason: `message` in English,
    `phrase` for other languages. `values` are the values that the order has from the start, as forms and messages would
    leave them. A person who has a choice answers what `choose` says; without it what `values` hold, else each option in
    turn; where several may be answered, all are. `results` are the values that the calls of connected systems leave, by
    the tasks' names.
    """
    walk = _Simulation(plan, order, {}, dict(values), [], results or {}, choose or _in_turn(values))
    problem: Json | None = None
    try:
        walk.take("begins", plan.start, interpreter.begin(plan, walk.known))
        while walk.outcome is None:
            if len(walk.steps) > MOST_STEPS:
                raise PhrasedError(Phrase("not_ended", steps=MOST_STEPS), code="endless")
            token = _next(walk.tokens)
            what, occurrence = _occurrence(walk, token, fails)
            walk.take(what, token.node, interpreter.step(plan, walk.tokens, occurrence, walk.known))
    except ProcessError as error:
        problem = {"code": error.code, "message": str(error), "phrase": to_json(phrase_of(error))}
    return {
        "process": plan.process,
        "order": order.number,
        "outcome": walk.outcome,
        "stands": list(dict.fromkeys(token.node for token in walk.tokens.values() if _stands(token))),
        "problem": problem,
        "steps": walk.steps,
    }


def _stands(token: Token) -> bool:
    return token.host is None and token.waits is not Waits.DONE


def _next(tokens: Mapping[int, Token]) -> Token:
    """The next token: one with work first, then a waiting one. An armed event on a host comes last."""
    waiting = [token for token in tokens.values() if token.waits in _ORDER]
    return min(waiting, key=lambda token: (token.host is not None, _ORDER.index(token.waits), token.id))


_ORDER = (Waits.SERVICE, Waits.PERSON, Waits.MESSAGE, Waits.SIGNAL, Waits.TIME)


def _occurrence(walk: _Simulation, token: Token, fails: Collection[str]) -> tuple[str, Trigger]:
    node = walk.plan.nodes[token.node]
    if token.waits in (Waits.SERVICE, Waits.PERSON):
        if token.node in fails:
            return "failed", TaskFailed(token=token.id)
        if token.waits is Waits.SERVICE:
            return "done", TaskCompleted(token=token.id, values=walk.results.get(token.node, {}))
        return "completed", TaskCompleted(token=token.id, values=_answers(walk, node))
    if token.waits is Waits.MESSAGE and node.code is not None:
        return "received", MessageReceived(message=node.code)
    if token.waits is Waits.SIGNAL and node.code is not None:
        return "received", SignalReceived(signal=node.code)
    return "due", TimerFired(token=token.id)


def _answers(walk: _Simulation, node: Node) -> dict[str, Any]:
    """A person's answers to the choices of a task."""
    answers: dict[str, Any] = {}
    for choice in node.work.choices if node.work else ():
        if choice.several:
            answers[choice.name] = list(walk.values.get(choice.name) or choice.options)
        else:
            answers[choice.name] = walk.choose(choice.name, choice.options) if walk.choose else choice.options[0]
    return answers


def _in_turn(values: Mapping[str, Any]) -> Choose:
    """Answers what the values hold, else each option in turn: a way back is left by another answer the next time."""
    asked: Counter[str] = Counter()

    def choose(name: str, options: tuple[str, ...]) -> str:
        asked[name] += 1
        return values[name] if values.get(name) in options else options[(asked[name] - 1) % len(options)]

    return choose
