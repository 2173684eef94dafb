"""Binds drawn tasks, events and lists to what serves them; what nothing binds is named."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.engine.compiler import calls
from mtd.engine.compiler.attributes import attributes_of
from mtd.engine.compiler.calls import FactTypes, Systems
from mtd.engine.compiler.walkthrough import StandIns
from mtd.engine.messages.naming import plain, slug
from mtd.engine.messages.phrases import Phrase, phrase_of
from mtd.engine.model.drawing import DrawnNode, called, shown_name
from mtd.engine.model.plan import INSTANCE_COUNTS, MultiInstance, NodeKind, TaskAssignment
from mtd.engine.readers.sheet import Sheet
from mtd.engine.rules import parser, timers, types
from mtd.engine.rules.evaluator import RuleTree
from mtd.engine.rules.spoken_times import spoken
from mtd.engine.rules.types import RuleType

_SERVER = re.compile(r"api:/[\w{}./-]+|lambda:[\w-]+|state_machine:[\w-]+", re.ASCII)
_STATE = re.compile(r"api:/states/(\w+)", re.ASCII)
_SETTING = re.compile(r"\s*([A-Za-z_]\w*)\s*:?=(?!=)(.+)", re.ASCII)


class Binder:
    """Gives the plan's fields of drawn nodes; `unbound` and `notes` fill with phrases, `used` with sheet names.

    Tasks that nothing binds are done by `people`.
    """

    def __init__(self, sheet: Sheet, states: Collection[str], people: StandIns, systems: Systems | None = None) -> None:
        self.sheet = sheet
        self.people = people
        self.systems = systems
        self.unbound: list[Phrase] = []
        self.notes: list[Phrase] = []
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

    def rule(self, text: str, names: FactTypes, where: Phrase, wanted: RuleType | None = "bool") -> RuleTree | None:
        """The checked rule; where it is wrong, None and a phrase in `unbound`."""
        try:
            tree = parser.parse(text)
            found = types.check(tree, names)
        except ProcessError as error:
            self.unbound.append(Phrase("wrong_at", where=where, problem=phrase_of(error)))
            return None
        if wanted is not None and found not in (wanted, "any") and not (wanted == [] and isinstance(found, list)):
            if wanted == []:
                self.unbound.append(Phrase("rule_gives_no_list", where=where, rule=text))
            else:
                other = Phrase("rule_gives_other", where=where, rule=text, wanted=Phrase(f"type_{wanted}"))
                self.unbound.append(other)
            return None
        return tree

    def task(self, node: DrawnNode, names: FactTypes) -> dict[str, Any]:
        """Kind and fields of a task, or of an event that sends."""
        entry = self._entry(node)
        fields: dict[str, Any] = {}
        if "sla" in entry:
            fields["sla"] = self._time(entry["sla"], Phrase("sla_of", node=called(node)))
        if "retries" in entry:
            fields["retries"] = self._whole(entry["retries"], node)
        if "server" in entry or "lambda" in entry:
            server = entry.get("server") or f"lambda:{entry['lambda']}"
            if server.startswith("system:"):
                return fields | {
                    "kind": NodeKind.SERVICE,
                    **calls.call_fields(self, server, entry, names, called(node)),
                }
            calls.refuse_words(self, entry, called(node))
            return fields | {"kind": NodeKind.SERVICE, "binding": self._server(server, node)}
        if "set" in entry:
            return fields | {"kind": NodeKind.SCRIPT, "sets": self._sets(entry["set"], names, node)}
        if node.kind == "receiveTask":
            return fields | {"kind": NodeKind.MESSAGE, "code": self.message(node)}
        if "group" in entry or node.kind in ("userTask", "manualTask"):
            return fields | {"kind": NodeKind.PERSON, "work": self._work(entry, node, names)}
        if node.kind in ("scriptTask", "businessRuleTask") and (sets := self._script(node, names)) is not None:
            return fields | {"kind": NodeKind.SCRIPT, "sets": sets}
        state = slug(node.name)
        if node.kind in ("serviceTask", "task") and state in self._states:
            return fields | {"kind": NodeKind.SERVICE, "binding": f"api:/states/{state}"}
        return fields | self.person(node, entry)

    def person(self, node: DrawnNode, entry: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Kind and fields of what a person does because nothing is bound to it."""
        group = self.people.group(node)
        self.people.take(node, group)
        return {"kind": NodeKind.PERSON, "work": self._work({**(entry or {}), "group": group}, node, {})}

    def wait(self, node: DrawnNode) -> str | None:
        """How long a connected system may take to tell its answer; None where the sheet does not say."""
        entry = self._entry(node) if self.sheet.tasks else {}
        return self._time(entry.get("wait"), Phrase("part_of", node=called(node), part="wait"))

    def repeat(self, node: DrawnNode, names: FactTypes) -> tuple[MultiInstance | None, FactTypes]:
        """How a multi-instance activity repeats, and what rules inside of it may ask."""
        if node.many is None:
            return None, names
        entry = self._entry(node)
        text, name = entry.get("each") or node.many.collection, entry.get("as", "item")
        if not text or (not entry.get("each") and not self._is_rule(text, names)):
            self.notes.append(Phrase("done_once", node=called(node)))
            return None, names
        tree = self.rule(text, names, called(node), [])
        if tree is None:
            return None, names
        found = types.check(tree, names)
        element = found[0] if isinstance(found, list) else "any"
        inside = {**names, name: element}
        made = MultiInstance(
            collection=tree,
            name=name,
            sequential=node.many.sequential,
            until=self._until(node, entry, inside),
            collect=True,
        )
        return made, inside

    def _until(self, node: DrawnNode, entry: Mapping[str, Any], names: FactTypes) -> RuleTree | None:
        """The completion condition; a drawn one that is no rule is told, and ends nothing."""
        counts = {**names, **dict.fromkeys(INSTANCE_COUNTS, "number")}
        if said := entry.get("until"):
            return self.rule(said, counts, called(node))
        drawn = node.many.until if node.many else ""
        if drawn and not self._is_condition(drawn, counts):
            self.notes.append(Phrase("until_is_no_rule", node=called(node), text=drawn[:60]))
            return None
        return self.rule(drawn, counts, called(node)) if drawn else None

    def time(self, node: DrawnNode, names: FactTypes, attached: str = "") -> str | None:
        """A timer's text; None where nothing says it."""
        said: str | None = self.said("timers", node.id, node.name, attached)
        if said:
            if said.startswith("=") and self.rule(said[1:], names, called(node), "text") is None:
                return said
            return self._time(said, called(node)) or said
        for drawn in filter(None, (attributes_of(node).get("time"), node.detail)):
            if drawn.startswith("="):
                self.rule(drawn[1:], names, called(node), "text")
                return drawn
            if _is_time(drawn):
                return drawn
            if not spoken(drawn):
                self.notes.append(Phrase("time_not_understood", node=called(node), text=drawn))
        for text in filter(None, (node.detail, node.name)):
            if (found := spoken(text)) is not None:
                self.notes.append(Phrase("time_from_name", node=called(node), time=found))
                return found
        return None

    def message(self, node: DrawnNode, attached: str = "") -> str:
        """The name of the message that a node waits for."""
        said: str | None = self.said("messages", node.id, node.name, attached)
        return said or node.reference or slug(node.name) or slug(shown_name(node)) or "message"

    def condition(self, node: DrawnNode, names: FactTypes, attached: str = "") -> RuleTree | None:
        """The rule that an event waits for; None where nothing says it."""
        if said := self.said("conditions", node.id, node.name, attached):
            return self.rule(said, names, called(node)) or ["value", False]
        for drawn in filter(None, (node.detail, node.name)):
            if self._is_condition(drawn, names):
                return self.rule(drawn, names, called(node))
        return None

    def question(self, node: DrawnNode) -> str | None:
        """The question of a gateway whose flows answer SI and NO."""
        return self.said("gateways", *own_names(node)) or attributes_of(node).get("question")

    def called_process(self, node: DrawnNode) -> str:
        """The name or id of the process that a call activity calls."""
        return str(self.said("calls", *own_names(node)) or node.detail)

    def _entry(self, node: DrawnNode) -> dict[str, Any]:
        entry = self.said("tasks", *own_names(node)) or {}
        attributes = attributes_of(node)
        if any(word in entry for word in ("server", "lambda", "group", "set")):
            attributes = {
                word: value for word, value in attributes.items() if word not in ("server", "lambda", "group")
            }
        return {**attributes, **entry}

    def _server(self, text: str, node: DrawnNode) -> str | None:
        if not _SERVER.fullmatch(text):
            self.unbound.append(Phrase("strange_server", node=called(node), text=text))
            return None
        state = _STATE.fullmatch(text)
        if state and state[1] not in self._states:
            self.unbound.append(Phrase("no_function", node=called(node), path=text.removeprefix("api:")))
            return None
        return text

    def _work(self, entry: dict[str, Any], node: DrawnNode, names: FactTypes) -> TaskAssignment:
        group = entry.get("group") or self.people.group(node)
        if group.startswith("="):
            self.rule(group[1:], names, called(node), "text")
        if "group" not in entry:
            self.people.belong(node, group)
        return TaskAssignment(
            group=group,
            form=entry.get("form", ""),
            due=self._time(entry["due"], called(node)) or "" if "due" in entry else "",
            follow_up=self._time(entry["follow_up"], called(node)) or "" if "follow_up" in entry else "",
            priority=entry.get("priority", ""),
            candidate=entry.get("candidate", ""),
        )

    def _sets(self, rules: Mapping[str, Any], names: FactTypes, node: DrawnNode) -> tuple[tuple[str, RuleTree], ...]:
        made = [(name, self.rule(str(rule), names, called(node), None)) for name, rule in rules.items()]
        return tuple((name, tree) for name, tree in made if tree is not None)

    def _script(self, node: DrawnNode, names: FactTypes) -> tuple[tuple[str, RuleTree], ...] | None:
        """The assignments of a drawn script; None for a sentence or an empty script."""
        found: dict[str, str] = {}
        for line in filter(str.strip, re.split(r"[;\n]", node.detail)):
            setting = _SETTING.fullmatch(line.strip())
            if setting is None:
                self.notes.append(Phrase("strange_script", node=called(node), line=line.strip()[:60]))
                return None
            found[setting[1]] = setting[2].strip()
            if not self._asks_facts(setting[2], names):
                self.notes.append(Phrase("strange_script", node=called(node), line=line.strip()[:60]))
                return None
        return self._sets(found, names, node) if found else None

    def _asks_facts(self, text: str, names: FactTypes) -> bool:
        try:
            return types.asked(parser.parse(text)) <= names.keys()
        except ProcessError:
            return False

    def _is_condition(self, text: str, names: FactTypes) -> bool:
        try:
            return types.check(parser.parse(text), names) in ("bool", "any")
        except ProcessError:
            return False

    def _is_rule(self, text: str, names: FactTypes) -> bool:
        try:
            types.check(parser.parse(text), names)
        except ProcessError:
            return False
        return True

    def _time(self, text: str | None, where: Phrase) -> str | None:
        if not text:
            return None
        try:
            timers.check(text)
        except ProcessError as error:
            self.unbound.append(Phrase("wrong_at", where=where, problem=phrase_of(error)))
            return None
        return text

    def _whole(self, text: str, node: DrawnNode) -> int | None:
        if not text.isascii() or not text.isdigit() or not 0 <= int(text[:4]) <= 100:
            self.unbound.append(Phrase("strange_retries", node=called(node), text=text))
            return None
        return int(text)


def own_names(node: DrawnNode) -> tuple[str, ...]:
    """The names that a sheet may use for the node: its id, its name with its lane, its name."""
    return (node.id, f"{node.lane} / {node.name}", node.name) if node.lane else (node.id, node.name)


def _is_time(text: str) -> bool:
    try:
        timers.check(text)
    except ProcessError:
        return False
    return True
