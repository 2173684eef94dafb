"""Compiles drawn events: what starts, ends, is thrown, is waited for, or is attached to an activity."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mtd.engine.compiler.binding import Binder
from mtd.engine.compiler.calls import FactTypes
from mtd.engine.messages.phrases import Phrase, word
from mtd.engine.model.drawing import ACTIVITIES, DrawnNode, called
from mtd.engine.model.plan import EventType, NodeKind

_ENDS = {"": NodeKind.END, "none": NodeKind.END, "terminate": NodeKind.TERMINATE, "error": NodeKind.ERROR_END}
_BOUNDARIES = frozenset(EventType)
_STARTS = frozenset({"message", "timer", "signal", "conditional"})


class EventCompiler:
    """Gives the plan's fields of events; `raced` are those after event-based gateways."""

    def __init__(self, binder: Binder, problems: list[Phrase]) -> None:
        self.raced: set[str] = set()
        self._binder = binder
        self._problems = problems

    def fields(self, node: DrawnNode, nodes: Mapping[str, DrawnNode], names: FactTypes) -> dict[str, Any] | None:
        """Kind and fields of the event; None for one that cannot run, and for what is no event."""
        match node.kind:
            case "boundaryEvent":
                return self._boundary(node, nodes, names)
            case "startEvent":
                return {"kind": NodeKind.START, **self._starting(node, names)}
            case "endEvent" if node.trigger in _ENDS:
                return {"kind": _ENDS[node.trigger], "code": node.reference or None}
            case "intermediateThrowEvent" | "intermediateCatchEvent" if node.trigger in ("", "none"):
                return {"kind": NodeKind.PASS}
            case "intermediateThrowEvent":
                return self._thrown(node, names)
            case "intermediateCatchEvent":
                return self._caught(node, names)
        return None

    def _thrown(self, node: DrawnNode, names: FactTypes) -> dict[str, Any] | None:
        match node.trigger:
            case "message":
                return self._binder.task(node, names)
            case "escalation":
                return {"kind": NodeKind.ESCALATION, "code": node.reference or None}
            case "compensation":
                return {"kind": NodeKind.COMPENSATE, "code": node.reference or None}
            case "signal":
                return {"kind": NodeKind.SIGNAL_THROW, "code": self._binder.message(node)}
        return None

    def _caught(self, node: DrawnNode, names: FactTypes) -> dict[str, Any] | None:
        match node.trigger:
            case "timer":
                time = self._binder.time(node, names)
                return {"kind": NodeKind.TIMER, "time": time} if time else self._said_by_people(node)
            case "conditional":
                rule = self._binder.condition(node, names)
                return {"kind": NodeKind.CONDITION, "when": rule} if rule else self._said_by_people(node)
            case "signal":
                return {"kind": NodeKind.SIGNAL, "code": self._binder.message(node)}
            case "message":
                return {"kind": NodeKind.MESSAGE, "code": self._binder.message(node)}
            case "escalation" | "compensation":
                # In the flow nothing catches these: they are thrown, whatever the drawing says.
                return self._thrown(node, names)
        return None

    def _starting(self, node: DrawnNode, names: FactTypes) -> dict[str, Any]:
        """The triggers that start a process besides an incoming order."""
        if node.trigger not in _STARTS:
            return {}
        trigger = EventType(node.trigger)
        if trigger is EventType.TIMER:
            return {"trigger": trigger, "time": self._binder.time(node, names)}
        if trigger is EventType.CONDITIONAL:
            return {"trigger": trigger, "when": self._binder.condition(node, names)}
        return {"trigger": trigger, "code": self._binder.message(node)}

    def _said_by_people(self, node: DrawnNode) -> dict[str, Any]:
        """An event without time or rule: a person says when it happens, or a message after an event-based gateway."""
        if node.id not in self.raced:
            return self._binder.person(node)
        return {"kind": NodeKind.MESSAGE, "code": self._message_instead(node)}

    def _message_instead(self, node: DrawnNode, host: str = "") -> str:
        message = self._binder.message(node, host)
        self._binder.notes.append(Phrase("message_instead", node=called(node), message=message))
        return message

    def _boundary(self, node: DrawnNode, nodes: Mapping[str, DrawnNode], names: FactTypes) -> dict[str, Any]:
        host = nodes.get(node.attached_to)
        if host is None or host.kind not in ACTIVITIES:
            self._problems.append(Phrase("attached_to_nothing", node=called(node)))
            return {}
        if node.trigger in ("", "none"):
            node = replace(node, trigger="message")
            self._binder.notes.append(Phrase("message_instead", node=called(node), message=self._binder.message(node)))
        if node.trigger not in _BOUNDARIES:
            trigger = word("trigger", node.trigger or "plain")
            self._problems.append(Phrase("boundary_cannot_run", name=node.name or node.id, trigger=trigger))
            return {}
        fields = {"kind": NodeKind.BOUNDARY, "trigger": EventType(node.trigger), "interrupting": node.interrupting}
        if node.trigger == "timer":
            time = self._binder.time(node, names, host.name)
            if time:
                return fields | {"time": time}
            return fields | {"trigger": EventType.MESSAGE, "code": self._message_instead(node, host.name)}
        if node.trigger == "conditional":
            if (rule := self._binder.condition(node, names, host.name)) is not None:
                return fields | {"when": rule}
            return fields | {"trigger": EventType.MESSAGE, "code": self._message_instead(node, host.name)}
        if node.trigger in ("message", "signal"):
            return fields | {"code": self._binder.message(node, host.name)}
        return fields | {"code": node.reference or None, "interrupting": node.interrupting or node.trigger == "error"}
