"""The working state of one step: tokens, what is still to be entered, and what has been seen on the way."""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from mtd.domain.errors import ProcessError
from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.plan import MultiInstance, Node, Plan
from mtd.engine.model.tokens import Token, TokenChanges, Tokens, Waits
from mtd.engine.rules import evaluator
from mtd.engine.rules.evaluator import Facts, RuleTree

# More than a step of the largest order takes; a loop of gateways alone never rests.
_MOST_MOVES = 100_000


class CannotGoOn(PhrasedError):
    """The process cannot go on from `node`: no rule holds, data is missing, or the tokens wait in vain.

    The trigger that led there has happened all the same, and its sender is not to blame.
    """

    def __init__(self, phrase: Phrase, *, code: str, node: str) -> None:
        super().__init__(phrase, code=code)
        self.node = node


class Arrival(NamedTuple):
    """A token about to enter a node, to go on from it (`leaving`), or to work on one instance (`item`)."""

    token: int
    node: str
    scope: int | None
    via: str | None = None
    leaving: bool = False
    item: int | None = None
    element: Any = None


class _Tokens(dict[int, Token]):
    """The case's tokens, which know which of them have been touched."""

    __slots__ = ("touched",)

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self.touched: dict[int, None] = {}

    def __setitem__(self, token_id: int, token: Token) -> None:
        self.touched[token_id] = None
        super().__setitem__(token_id, token)

    def __delitem__(self, token_id: int) -> None:
        self.touched[token_id] = None
        super().__delitem__(token_id)

    def take(self, token_id: int) -> None:
        """Take the token away, if it is there."""
        if token_id in self:
            del self[token_id]


class StepState:
    """Mutable for the length of one step; nobody outside the step sees it."""

    __slots__ = (
        "_before",
        "_next",
        "_seen",
        "arrivals",
        "emptied",
        "facts",
        "here",
        "last_end",
        "outcome",
        "plan",
        "signals",
        "tokens",
        "values",
        "visited",
    )

    def __init__(self, plan: Plan, tokens: Tokens, facts: Facts) -> None:
        self.plan = plan
        self.tokens = _Tokens(tokens)
        self.facts = facts
        self.arrivals: list[Arrival] = []
        self.emptied: list[int | None] = []
        self.visited: list[str] = []
        self.values: dict[str, Any] = {}
        self.signals: list[str] = []
        self.here = ""
        """The node that was entered or left last: where it is when something goes wrong."""
        self.last_end: str | None = None
        self.outcome: str | None = None
        self._before = tokens
        self._next: int | None = None
        self._seen = 0

    def new_id(self) -> int:
        """An id that no token of the case has."""
        self._next = (max(self._before, default=0) if self._next is None else self._next) + 1
        return self._next

    def node(self, node_id: str) -> Node:
        """The plan's node. Raises ProcessError."""
        try:
            return self.plan.nodes[node_id]
        except KeyError:
            raise ProcessError(f"{self.plan.process!r} has no node {node_id!r}", code="no_such_node") from None

    def token(self, token_id: int) -> Token:
        """The living token. Raises ProcessError: a stale occurrence speaks of one that is gone."""
        try:
            return self.tokens[token_id]
        except KeyError:
            raise ProcessError(f"the case has no token {token_id}", code="no_such_token") from None

    def next_arrival(self) -> Arrival:
        """The next one to be moved, in the order in which they were sent. Raises ProcessError on endless ways."""
        self._seen += 1
        if self._seen > _MOST_MOVES:
            raise PhrasedError(Phrase("endless_loop", process=self.plan.process), code="endless_loop")
        return self.arrivals.pop()

    def park(self, token_id: int, node: str, waits: Waits, scope: int | None, **more: Any) -> Token:
        """Let the token rest at the node."""
        token = Token(id=token_id, node=node, waits=waits, scope=scope, **more)
        self.tokens[token_id] = token
        return token

    def cancel(self, token_id: int) -> None:
        """Take a token away with all that is inside of it and armed on it."""
        self.tokens.take(token_id)
        self.cancel_inside(token_id)

    def cancel_inside(self, token_id: int | None) -> None:
        """Take away all tokens inside of this one, and the events armed on it; None: all of the case."""
        within: dict[int | None, list[int]] = {}
        for token in self.tokens.values():
            within.setdefault(token.scope, []).append(token.id)
            if token.host is not None:
                within.setdefault(token.host, []).append(token.id)
        gone, pending = set[int | None](), [token_id]
        while pending:
            each = pending.pop()
            if each not in gone:
                gone.add(each)
                pending += within.get(each, ())
                if each is not None and each != token_id:
                    self.tokens.take(each)
        self.arrivals = [each for each in self.arrivals if each.scope not in gone]
        self.emptied = [each for each in self.emptied if each not in gone]

    def disarm(self, host: int) -> None:
        """Take away the events armed on a token."""
        for each in [token.id for token in self.tokens.values() if token.host == host]:
            del self.tokens[each]

    def is_empty(self, scope: int | None) -> bool:
        """Whether nothing is left to do in the scope."""
        left = (token.scope == scope and token.waits is not Waits.DONE for token in self.tokens.values())
        return not any(left) and not any(each.scope == scope for each in self.arrivals)

    def store(self, values: dict[str, Any], at: Token | None = None) -> None:
        """Put values into the case's data, or those of the instance around the token, where rules see them at once."""
        instance = self._instance(at)
        if instance is not None:
            self.tokens[instance.id] = replace(instance, values={**(instance.values or {}), **values})
            return
        self.values |= values
        self.facts = {**self.facts, "data": {**(self.facts.get("data") or {}), **values}}

    def _instance(self, token: Token | None) -> Token | None:
        """The instance around the token, or the token itself, that keeps its values to itself."""
        while token is not None:
            if token.item is not None:
                repeat = self.node(token.node).repeat
                if repeat is not None and repeat.collect:
                    return self.tokens.get(token.id, token)
            token = self.tokens.get(token.scope) if token.scope is not None else None
        return None

    def facts_at(self, scope: int | None) -> Facts:
        """The facts, with the elements and the values of the instances around."""
        around: dict[str, Any] = {}
        left: list[Mapping[str, Any]] = []
        while scope is not None:
            token = self.token(scope)
            repeat = self.node(token.node).repeat
            if token.item is not None and repeat is not None:
                around.setdefault(repeat.name, self._element(token, repeat))
                if token.values:
                    left.append(token.values)
            scope = token.scope
        if left:
            data = dict(self.facts.get("data") or {})
            for values in reversed(left):
                data |= values
            around["data"] = data
        return ChainMap(around, self.facts) if around else self.facts  # type: ignore[arg-type]

    def _element(self, token: Token, repeat: MultiInstance) -> Any:
        """The instance's element; tokens of earlier releases have none, and look it up in the list as it is now."""
        if token.element is not None:
            return token.element
        outer = self.token(token.scope) if token.scope is not None else token
        elements = evaluator.evaluate(repeat.collection, self.facts_at(outer.scope))
        if token.item is None or token.item >= len(elements):
            phrase = Phrase("no_element", node=token.node, item=token.item or 0)
            raise PhrasedError(phrase, code="unknown_fact")
        return elements[token.item]

    def holds(self, rule: RuleTree, scope: int | None) -> bool:
        """A condition's answer for a token of that scope."""
        return evaluator.holds(rule, self.facts if scope is None else self.facts_at(scope))

    def changes(self) -> TokenChanges:
        """The changes so far."""
        before, now = self._before, self.tokens
        touched = now.touched
        return TokenChanges(
            placed=tuple(now[each] for each in touched if each in now and before.get(each) is not now[each]),
            consumed=tuple(each for each in touched if each in before and each not in now),
            visited=tuple(self.visited),
            values=self.values,
            outcome=self.outcome,
            signals=tuple(self.signals),
        )
