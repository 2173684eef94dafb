"""Binds drawn tasks, events and lists to what serves them; what nothing binds is named."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.engine import rule_parser, rule_types, timers
from mtd.engine.attributes import attributes_of
from mtd.engine.drawing import DrawnNode, called
from mtd.engine.naming import plain, slug
from mtd.engine.plan import Kind, Repeat, Work
from mtd.engine.rule_types import Type
from mtd.engine.rules import Tree
from mtd.engine.sheet import Sheet

type Names = Mapping[str, Type]

_SERVER = re.compile(r"api:/[\w{}./-]+|lambda:[\w-]+|state_machine:[\w-]+", re.ASCII)
_STATE = re.compile(r"api:/states/(\w+)", re.ASCII)
_SETTING = re.compile(r"\s*([A-Za-z_]\w*)\s*:?=(?!=)(.+)", re.ASCII)


class Binder:
    """Gives the plan's fields of drawn nodes; `unbound` and `notes` fill with sentences, `used` with sheet names."""

    def __init__(self, sheet: Sheet, states: Collection[str]) -> None:
        self.sheet = sheet
        self.unbound: list[str] = []
        self.notes: list[str] = []
        self.used: set[tuple[str, str]] = set()
        self._states = states

    def said(self, part: str, *names: str) -> Any:
        """The sheet's entry for the first of the names that has one, else None."""
        entries: Mapping[str, Any] = getattr(self.sheet, part)
        for name in map(plain, names) if entries else ():
            if name and name in entries:
                self.used.add((part, name))
                return entries[name]
        return None

    def rule(self, text: str, names: Names, where: str, wanted: Type | None = "bool") -> Tree | None:
        """The checked rule; where it is wrong, None and a sentence in `unbound`."""
        try:
            tree = rule_parser.parse(text)
            found = rule_types.check(tree, names)
        except ProcessError as error:
            self.unbound.append(f"{where}: {error}")
            return None
        if wanted is not None and found not in (wanted, "any") and not (wanted == [] and isinstance(found, list)):
            asked = "a list" if wanted == [] else f"a {wanted}"
            self.unbound.append(f"{where}: the rule '{text}' does not give {asked}")
            return None
        return tree

    def task(self, node: DrawnNode, names: Names) -> dict[str, Any]:
        """Kind and fields of a task, or of an event that sends."""
        entry = self._entry(node)
        fields: dict[str, Any] = {"sla": self._time(entry.get("sla"), f"the SLA of {called(node)}")}
        if "retries" in entry:
            fields["retries"] = self._whole(entry["retries"], node)
        if "server" in entry or "lambda" in entry:
            server = entry.get("server") or f"lambda:{entry['lambda']}"
            return fields | {"kind": Kind.SERVICE, "binding": self._server(server, node)}
        if "set" in entry:
            return fields | {"kind": Kind.SCRIPT, "sets": self._sets(entry["set"], names, node)}
        if node.kind == "receiveTask":
            return fields | {"kind": Kind.MESSAGE, "code": self.message(node)}
        if "group" in entry or node.kind in ("userTask", "manualTask"):
            return fields | {"kind": Kind.PERSON, "work": self._work(entry, node)}
        if node.kind == "scriptTask" and node.detail:
            return fields | {"kind": Kind.SCRIPT, "sets": self._script(node, names)}
        state = slug(node.name)
        if node.kind in ("serviceTask", "task") and state in self._states:
            return fields | {"kind": Kind.SERVICE, "binding": f"api:/states/{state}"}
        lacks = {"scriptTask": "sets nothing", "task": "is bound to no server and no group"}
        self.unbound.append(f"{called(node)} {lacks.get(node.kind, 'names no server')}")
        return fields | {"kind": Kind.SERVICE}

    def repeat(self, node: DrawnNode, names: Names) -> tuple[Repeat | None, Names]:
        """How a multi-instance activity repeats, and what rules inside of it may ask."""
        if node.many is None:
            return None, names
        entry = self._entry(node)
        text, name = entry.get("each") or node.many.collection, entry.get("as", "item")
        if not text:
            self.unbound.append(f"{called(node)} is multi-instance and names no list, such as order.lines")
            return None, names
        tree = self.rule(text, names, called(node), [])
        if tree is None:
            return None, names
        found = rule_types.check(tree, names)
        element = found[0] if isinstance(found, list) else "any"
        return Repeat(collection=tree, name=name, sequential=node.many.sequential), {**names, name: element}

    def time(self, node: DrawnNode, names: Names, attached: str = "") -> str | None:
        """A timer's text."""
        text = self.said("timers", node.name, attached) or attributes_of(node).get("time") or node.detail
        if not text:
            self.unbound.append(f"{called(node)} has no time, such as PT2H")
            return None
        if text.startswith("=") and self.rule(text[1:], names, called(node), "text") is None:
            return None
        return self._time(text, called(node))

    def message(self, node: DrawnNode, attached: str = "") -> str | None:
        """The name of the message that a node waits for."""
        name: str = self.said("messages", node.name, attached) or node.reference or slug(node.name)
        if not name:
            self.unbound.append(f"{called(node)} names no message")
        return name or None

    def question(self, node: DrawnNode) -> str | None:
        """What a gateway asks, where its flows answer SI and NO."""
        return self.said("gateways", node.name) or attributes_of(node).get("question")

    def called_process(self, node: DrawnNode) -> str:
        """The name or id of the process that a call activity calls."""
        return str(self.said("calls", node.name) or node.detail)

    def _entry(self, node: DrawnNode) -> dict[str, Any]:
        entry = self.said("tasks", node.name) or {}
        attributes = attributes_of(node)
        if any(word in entry for word in ("server", "lambda", "group", "set")):
            attributes = {
                word: value for word, value in attributes.items() if word not in ("server", "lambda", "group")
            }
        return {**attributes, **entry}

    def _server(self, text: str, node: DrawnNode) -> str | None:
        if not _SERVER.fullmatch(text):
            self.unbound.append(
                f"{called(node)}: '{text}' is no server; write api:/path, lambda:name or state_machine:name"
            )
            return None
        state = _STATE.fullmatch(text)
        if state and state[1] not in self._states:
            self.unbound.append(f"{called(node)}: no function serves {text.removeprefix('api:')}")
            return None
        return text

    def _work(self, entry: dict[str, Any], node: DrawnNode) -> Work:
        group = entry.get("group") or slug(node.lane)
        if not group:
            self.unbound.append(f"{called(node)} names no group and stands in no named lane")
        elif "group" not in entry:
            self.notes.append(f"{called(node)} names no group: its lane '{node.lane}' is its group")
        return Work(
            group=group,
            form=entry.get("form", ""),
            due=self._time(entry.get("due"), called(node)) or "",
            follow_up=self._time(entry.get("follow_up"), called(node)) or "",
            priority=entry.get("priority", ""),
            candidate=entry.get("candidate", ""),
        )

    def _sets(self, rules: Mapping[str, Any], names: Names, node: DrawnNode) -> tuple[tuple[str, Tree], ...]:
        made = [(name, self.rule(str(rule), names, called(node), None)) for name, rule in rules.items()]
        return tuple((name, tree) for name, tree in made if tree is not None)

    def _script(self, node: DrawnNode, names: Names) -> tuple[tuple[str, Tree], ...]:
        found: dict[str, str] = {}
        for line in filter(str.strip, re.split(r"[;\n]", node.detail)):
            setting = _SETTING.fullmatch(line.strip())
            if setting is None:
                self.unbound.append(
                    f"{called(node)}: its script is not of the form 'name = rule': '{line.strip()[:60]}'"
                )
                return ()
            found[setting[1]] = setting[2].strip()
        return self._sets(found, names, node)

    def _time(self, text: str | None, where: str) -> str | None:
        if not text:
            return None
        try:
            timers.check(text)
        except ProcessError as error:
            self.unbound.append(f"{where}: {error}")
            return None
        return text

    def _whole(self, text: str, node: DrawnNode) -> int | None:
        if not text.isascii() or not text.isdigit() or not 0 <= int(text[:4]) <= 100:
            self.unbound.append(f"{called(node)}: '{text}' is no number of retries from 0 to 100")
            return None
        return int(text)
