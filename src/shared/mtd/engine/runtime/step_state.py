"""The working state of one step: tokens, what is still to be entered, and what has been seen on the way."""

from typing import Any, NamedTuple

from mtd.domain.errors import ProcessError
from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.plan import Node, Plan
from mtd.engine.model.tokens import Token, TokenChanges, Tokens, Waits
from mtd.engine.rules import evaluator
from mtd.engine.rules.evaluator import Facts, RuleTree

# More than a step of the largest order takes; a loop of gateways alone never rests.
_MOST_MOVES = 100_000


class Arrival(NamedTuple):
    """A token about to enter a node, to go on from it (`leaving`), or to work on one instance (`item`)."""

    token: int
    node: str
    scope: int | None
    via: str | None = None
    leaving: bool = False
    item: int | None = None


class StepState:
    """Mutable for the length of one step; nobody outside the step sees it."""

    __slots__ = ("_before", "_next", "_seen", "arrivals", "emptied", "facts", "last_end", "outcome", "plan", "tokens",
                 "values", "visited")  # fmt: skip

    def __init__(self, plan: Plan, tokens: Tokens, facts: Facts) -> None:
        self.plan = plan
        self.tokens: dict[int, Token] = dict(tokens)
        self.facts = facts
        self.arrivals: list[Arrival] = []
        self.emptied: list[int | None] = []
        self.visited: list[str] = []
        self.values: dict[str, Any] = {}
        self.last_end: str | None = None
        self.outcome: str | None = None
        self._before = tokens
        self._next = max(tokens, default=0)
        self._seen = 0

    def new_id(self) -> int:
        """An id that no token of the case has."""
        self._next += 1
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
        self.tokens.pop(token_id, None)
        self.cancel_inside(token_id)

    def cancel_inside(self, token_id: int | None) -> None:
        """Take away all tokens inside of this one, and the events armed on it; None: all of the case."""
        for each in [t.id for t in self.tokens.values() if t.scope == token_id or (token_id and t.host == token_id)]:
            if each in self.tokens:
                self.cancel(each)
        self.arrivals = [each for each in self.arrivals if each.scope != token_id]
        self.emptied = [each for each in self.emptied if each != token_id]

    def disarm(self, host: int) -> None:
        """Take away the events armed on a token."""
        for each in [token.id for token in self.tokens.values() if token.host == host]:
            del self.tokens[each]

    def is_empty(self, scope: int | None) -> bool:
        """Whether nothing is left in the scope."""
        return not any(token.scope == scope for token in self.tokens.values()) and not any(
            each.scope == scope for each in self.arrivals
        )

    def store(self, values: dict[str, Any]) -> None:
        """Put values into the case's data, where rules see them at once."""
        self.values |= values
        self.facts = {**self.facts, "data": {**(self.facts.get("data") or {}), **values}}

    def facts_at(self, scope: int | None) -> Facts:
        """The facts, with the elements of the instances around."""
        around: dict[str, Any] = {}
        while scope is not None:
            token = self.token(scope)
            repeat = self.node(token.node).repeat
            if token.item is not None and repeat is not None:
                outer = self.token(token.scope) if token.scope is not None else token
                elements = evaluator.evaluate(repeat.collection, self.facts_at(outer.scope))
                if token.item >= len(elements):
                    phrase = Phrase("no_element", node=token.node, item=token.item)
                    raise PhrasedError(phrase, code="unknown_fact")
                around = {repeat.name: elements[token.item], **around}
                scope = outer.scope
            else:
                scope = token.scope
        return {**self.facts, **around} if around else self.facts

    def holds(self, rule: RuleTree, scope: int | None) -> bool:
        """A condition's answer for a token of that scope."""
        return evaluator.holds(rule, self.facts if scope is None else self.facts_at(scope))

    def changes(self) -> TokenChanges:
        """What has become different."""
        before, now = self._before, self.tokens
        return TokenChanges(
            placed=tuple(token for token_id, token in now.items() if before.get(token_id) is not token),
            consumed=tuple(token_id for token_id in before if token_id not in now),
            visited=tuple(self.visited),
            values=self.values,
            outcome=self.outcome,
        )
