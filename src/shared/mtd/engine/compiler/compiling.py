"""Compiles a normalised process and its bindings to a plan; called processes become part of the plan."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mtd.engine.compiler.binding import Binder, own_names
from mtd.engine.compiler.calls import FactTypes, late_event
from mtd.engine.compiler.embedding import embedded
from mtd.engine.compiler.events import EventCompiler
from mtd.engine.compiler.flow_rules import FlowRule, rules_of
from mtd.engine.compiler.walkthrough import Decisions, OpenGateway, labels_of, rule_of
from mtd.engine.messages.naming import plain, slug, unique, xml_id
from mtd.engine.messages.phrases import Phrase, PhrasedError, word
from mtd.engine.model.drawing import (
    ACTIVITIES,
    DEEPEST,
    GATEWAYS,
    MOST_NODES,
    TASKS,
    Body,
    DrawnFlow,
    DrawnNode,
    DrawnProcess,
    called,
    shown_name,
)
from mtd.engine.model.plan import CANCELLATION, EventType, Flow, Node, NodeKind, Plan

_GATEWAYS = {
    "exclusiveGateway": NodeKind.EXCLUSIVE,
    "parallelGateway": NodeKind.PARALLEL,
    "inclusiveGateway": NodeKind.INCLUSIVE,
    "eventBasedGateway": NodeKind.EVENT_BASED,
}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIRST = ACTIVITIES | {"endEvent"}

type Stored = Callable[[str, int], Plan | None]
"""Looks up a version of a process that was imported before."""


def _starts(body: Body) -> list[DrawnNode]:
    """The start events: a plain one before those that something sets off."""
    starts = [node for node in body.nodes if node.kind == "startEvent"]
    return sorted(starts, key=lambda node: node.trigger not in ("", "none"))


@dataclass(slots=True)
class Compiler:
    """One process on its way to a plan. `problems` tell what cannot run at all."""

    binder: Binder
    library: Mapping[str, DrawnProcess]
    stored: Stored | None = None
    problems: list[Phrase] = field(default_factory=list)
    warnings: list[Phrase] = field(default_factory=list)
    _nodes: dict[str, Node] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=lambda: {CANCELLATION: 2})
    _taken_flows: dict[str, int] = field(default_factory=dict)
    _calls: list[DrawnProcess] = field(default_factory=list)
    _events: EventCompiler = field(init=False)

    def __post_init__(self) -> None:
        self._events = EventCompiler(self.binder, self.problems)

    def plan(self, process: DrawnProcess, key: str, names: FactTypes) -> Plan:
        """The plan, usable only where `problems` stays empty."""
        self._calls.append(process)
        starts = self._body(process.body, None, names, Phrase("process", name=process.name or key))
        wanted = plain(self.binder.sheet.start)
        named = [each for each in starts if wanted and wanted in (each, plain(self._nodes[each].name))]
        if wanted and not named:
            phrase = Phrase("start_unknown", name=self.binder.sheet.start)
            self.binder.unbound.append(phrase)
        start = next(iter(named or starts), "")
        return Plan(process=key, name=process.name or key, start=start, starts=tuple(starts), nodes=self._nodes)

    def _body(self, body: Body, scope: str | None, names: FactTypes, owner: Phrase) -> list[str]:
        """Compile what a process or a sub-process holds; where it may begin, its plain start event first."""
        nodes = {node.id: node for node in body.nodes}
        if len(nodes) < len(body.nodes):
            self.problems.append(Phrase("id_used_twice", owner=owner))
            return []
        body = self._reached(body, scope)
        nodes = {node.id: node for node in body.nodes}
        ids = self._ids(body)
        outgoing, incoming = self._flows(body)
        flow_ids = {flow.id: unique(flow.id, self._taken_flows) for flow in body.flows}
        undecided: list[OpenGateway] = []
        self._events.raced |= {
            flow.target for node in body.nodes if node.kind == "eventBasedGateway" for flow in outgoing.get(node.id, ())
        }
        for node in body.nodes:
            fields = self._node(node, nodes, names, ids[node.id])
            flows = outgoing.get(node.id, [])
            rules = rules_of(node, flows, nodes, self.binder, names)
            if any(rule.open for rule in rules):
                labels = labels_of(flows, [rule.open or rule.default for rule in rules], nodes)
                undecided.append(OpenGateway(node=node, labels=labels))
                several = node.kind == "inclusiveGateway"
                rules = [
                    FlowRule(when=rule_of(ids[node.id], label, several)) if rule.open and label else rule
                    for rule, label in zip(rules, labels, strict=True)
                ]
            joining = [flow_ids[flow.id] for flow in incoming.get(node.id, ())]
            if fields.get("kind") in (NodeKind.PARALLEL, NodeKind.INCLUSIVE) and len(joining) > 1:
                fields["incoming"] = tuple(joining)
            fields["flows"] = tuple(
                Flow(to=ids[flow.target], id=flow_ids[flow.id], when=rule.when, default=rule.default)
                for flow, rule in zip(flows, rules, strict=True)
            )
            known = {"kind": NodeKind.PASS, **fields}
            self._nodes[ids[node.id]] = Node(
                id=ids[node.id], name=shown_name(node), element=xml_id(node.id), scope=scope, **known
            )
        self._attach(body, nodes, ids)
        self._end_waits(body, ids)
        for node in body.nodes:
            thrown = self._nodes[ids[node.id]]
            if thrown.kind is NodeKind.COMPENSATE:
                # An activity of another scope is not known here: then all of this one are undone.
                self._nodes[thrown.id] = replace(thrown, code=ids.get(thrown.code or ""))
        for gateway in undecided:
            decisions = Decisions(self._nodes, self._taken, self.binder.people)
            decisions.ask(gateway, ids[gateway.node.id], frozenset(ids.values()))
        starts = [ids[node.id] for node in _starts(body)]
        if not starts:
            self.problems.append(Phrase("start_events", owner=owner, count=len(starts)))
        return starts

    def _reached(self, body: Body, scope: str | None) -> Body:
        """The nodes that a token can reach; the rest stays in the picture. A sub-process begins at one start event."""
        starts = _starts(body)
        nexts: dict[str, list[str]] = {}
        for flow in body.flows:
            nexts.setdefault(flow.source, []).append(flow.target)
        for node in body.nodes:
            if node.attached_to:
                nexts.setdefault(node.attached_to, []).append(node.id)
                if node.trigger == "compensation":
                    nexts.setdefault(node.id, []).append(node.reference)
        pending, reached = [node.id for node in (starts if scope is None else starts[:1])], set[str]()
        while pending:
            if (each := pending.pop()) not in reached:
                reached.add(each)
                pending += nexts.get(each, ())
        lost = [node for node in body.nodes if node.id not in reached]
        if not lost or not starts:
            return body
        self.warnings.append(Phrase("unreachable", nodes=tuple(map(called, lost))))
        return Body(
            nodes=tuple(node for node in body.nodes if node.id in reached),
            flows=tuple(flow for flow in body.flows if flow.source in reached),
        )

    def _ids(self, body: Body) -> dict[str, str]:
        """Ids from names; activities and ends, whose ids people see as states, choose first."""
        ids: dict[str, str] = {}
        for node in sorted(body.nodes, key=lambda each: each.kind not in _FIRST):
            ids[node.id] = unique(slug(node.name) or slug(node.id) or "node", self._taken)
        if len(self._taken) > MOST_NODES:
            raise PhrasedError(Phrase("too_many_nodes", most=MOST_NODES), code="diagram_too_large")
        return ids

    def _flows(self, body: Body) -> tuple[dict[str, list[DrawnFlow]], dict[str, list[DrawnFlow]]]:
        outgoing: dict[str, list[DrawnFlow]] = {}
        incoming: dict[str, list[DrawnFlow]] = {}
        for flow in body.flows:
            outgoing.setdefault(flow.source, []).append(flow)
            incoming.setdefault(flow.target, []).append(flow)
        return outgoing, incoming

    def _node(self, node: DrawnNode, nodes: Mapping[str, DrawnNode], names: FactTypes, node_id: str) -> dict[str, Any]:
        if node.kind in TASKS or node.kind in ("subProcess", "callActivity"):
            return self._activity(node, names, node_id)
        if node.kind in GATEWAYS:
            return {"kind": _GATEWAYS[node.kind]}
        if (fields := self._events.fields(node, nodes, names)) is not None:
            return fields
        what = Phrase("kind_event", trigger=word("trigger", node.trigger)) if node.trigger else word("kind", node.kind)
        code = "cannot_run_an" if str(what)[0] in "aeiou" else "cannot_run_a"
        self.problems.append(Phrase(code, name=node.name or node.id, what=what))
        return {}

    def _activity(self, node: DrawnNode, names: FactTypes, node_id: str) -> dict[str, Any]:
        repeat, inside = self.binder.repeat(node, names)
        if node.kind in TASKS:
            return {**self.binder.task(node, inside), "repeat": repeat}
        body = node.body
        if node.kind == "callActivity":
            wanted = self.binder.called_process(node)
            process = self._called(wanted, node)
            if process is None and (version := self._version(wanted)) is not None:
                nodes, first = embedded(version, node_id, self._taken, self._taken_flows)
                if len(self._taken) > MOST_NODES:
                    raise PhrasedError(Phrase("too_many_nodes", most=MOST_NODES), code="diagram_too_large")
                self._nodes |= nodes
                return {"kind": NodeKind.SUB_PROCESS, "first": first, "repeat": repeat}
            if process is None:
                if self.binder.said("calls", *own_names(node)):
                    self.binder.unbound.append(Phrase("called_unknown", node=called(node), called=wanted))
                return {**self.binder.task(node, inside), "repeat": repeat}
            if len(self._calls) > DEEPEST:
                self.problems.append(Phrase("calls_too_deep", most=DEEPEST))
                return {}
            if any(process is each for each in self._calls):
                self.problems.append(Phrase("calls_in_turn", node=called(node), called=wanted))
                return {}
            self._calls.append(process)
            starts = self._body(process.body, node_id, inside, Phrase("process", name=process.name))
            self._calls.pop()
        else:
            assert body is not None
            starts = self._body(body, node_id, inside, called(node))
        return {"kind": NodeKind.SUB_PROCESS, "first": next(iter(starts), None), "repeat": repeat}

    def _called(self, wanted: str, node: DrawnNode) -> DrawnProcess | None:
        """The process of that name or id; Bizagi gives the one of an expanded call the id of the call."""
        found = self.library.get(wanted) or self.library.get(plain(wanted))
        if found is None and (own := _UUID.search(node.id)) is not None:
            return next((each for key, each in self.library.items() if key.endswith(own[0]) and each.id == key), None)
        return found

    def _version(self, wanted: str) -> Plan | None:
        """The stored version that `process@version` names."""
        process, _, version = wanted.rpartition("@")
        if self.stored is None or not process or not version.isascii() or not version.isdigit():
            return None
        return self.stored(process, int(version[:9]))

    def _undo(self, event: DrawnNode, host: Node, ids: Mapping[str, str]) -> None:
        """The activity has a handler that undoes it: it is no boundary event that could happen to it."""
        event_id, handler = ids[event.id], ids.get(event.reference)
        self._nodes[event_id] = replace(self._nodes[event_id], attached_to=host.id, code=None)
        if handler is None:
            self.binder.notes.append(Phrase("no_handler", node=called(event)))
        else:
            self._nodes[host.id] = replace(host, compensation=handler)

    def _attach(self, body: Body, nodes: Mapping[str, DrawnNode], ids: Mapping[str, str]) -> None:
        for event in body.nodes:
            if event.kind == "boundaryEvent" and event.attached_to in nodes:
                event_id, host = ids[event.id], self._nodes[ids[event.attached_to]]
                if self._nodes[event_id].trigger is EventType.COMPENSATION:
                    self._undo(event, host, ids)
                    continue
                catches = self._nodes[event_id].trigger is EventType.ERROR and host.on_error is None
                self._nodes[event_id] = replace(self._nodes[event_id], attached_to=host.id)
                self._nodes[host.id] = replace(
                    host, boundaries=(*host.boundaries, event_id), on_error=event_id if catches else host.on_error
                )

    def _end_waits(self, body: Body, ids: Mapping[str, str]) -> None:
        """Arm a timer at each task that waits for an answer, where the sheet says how long."""
        for node in body.nodes:
            host = self._nodes[ids[node.id]]
            wait = self.binder.wait(node) if host.call is not None and host.code else None
            if wait is None:
                continue
            if host.on_error is None:
                self.binder.unbound.append(Phrase("wait_without_way", node=called(node)))
                continue
            way, event_id = self._nodes[host.on_error], unique(f"{host.id}_late", self._taken)
            flow_ids = [unique(flow.id, self._taken_flows) for flow in way.flows]
            self._nodes[event_id] = late_event(host, wait, way, event_id, flow_ids)
            self._nodes[host.id] = replace(host, boundaries=(*host.boundaries, event_id))
