"""Walks a case through a plan that is drawn in the text of tests/support/diagrams.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtd.engine.compiler import importing
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import (
    TaskCompleted,
    Token,
    TokenChanges,
    Trigger,
    Waits,
    applied,
    token_from_json,
    token_json,
)
from mtd.engine.runtime.interpreter import begin, step
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw

SERVERS = {name: f"lambda:{name.lower()}" for name in "ABCDEFG"}


@dataclass
class Run:
    """A case on its way: its tokens as they stand, what was visited, how it ended."""

    plan: Plan
    facts: Mapping[str, Any] = field(default_factory=dict)
    tokens: dict[int, Token] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None
    signals: list[str] = field(default_factory=list)

    def start(self) -> "Run":
        return self._take(begin(self.plan, self.known))

    def do(self, occurrence: Trigger) -> "Run":
        # As rows would keep them: through JSON.
        kept = {token.id: token_from_json(token_json(token)) for token in self.tokens.values()}
        assert kept == self.tokens
        return self._take(step(self.plan, kept, occurrence, self.known))

    def done(self, *nodes: str, **values: Any) -> "Run":
        for node in nodes:
            self.do(TaskCompleted(token=self.at(node), values=values))
        return self

    def at(self, node: str) -> int:
        """The first token that works or waits at the node."""
        found = [t.id for t in self.tokens.values() if t.node == node and t.waits is not Waits.INSIDE]
        assert found, f"nothing at {node}: {self.places}"
        return min(found)

    @property
    def known(self) -> dict[str, Any]:
        return {**self.facts, "data": self.data}

    @property
    def places(self) -> list[str]:
        return sorted(token.node for token in self.tokens.values())

    def _take(self, changes: TokenChanges) -> "Run":
        assert not {token.id for token in changes.placed} & set(changes.consumed)
        self.tokens = applied(self.tokens, changes)
        self.visited += changes.visited
        self.data |= changes.values
        self.outcome = changes.outcome
        self.signals += changes.signals
        return self


def plan_of(text: str, **sheet: Any) -> Plan:
    bindings = {"tasks": SERVERS | sheet.pop("tasks", {}), **sheet}
    return importing.compile_plan(bpmn(draw(text)), "p", (), bindings)


def run(text: str, facts: Mapping[str, Any] | None = None, **sheet: Any) -> Run:
    return Run(plan_of(text, **sheet), facts or {}).start()
