"""Writes a process as BPMN 2.0 with its picture (BPMN DI), for versions whose file is none that a viewer shows.

Ids are those that a plan's nodes name as their `element`, so that counts, times and tokens find their shape.
"""

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape
from xml.sax.saxutils import quoteattr as _q

from mtd.engine.layout.beside import Beside
from mtd.engine.layout.picture import picture
from mtd.engine.layout.placing import placed
from mtd.engine.layout.sizes import hosts_of
from mtd.engine.messages.naming import unique, xml_id
from mtd.engine.model.drawing import ACTIVITIES, GATEWAYS, Body, DrawnNode, DrawnProcess

_NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
_EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
_REFERRED = frozenset({"message", "error", "escalation", "signal"})
_PLAIN = frozenset({"timer", "terminate", "conditional", "cancel", "compensation", "link"})
_TAGS = {"compensation": "compensate"}
"""Triggers whose BPMN element is called otherwise."""


def diagram(process: DrawnProcess) -> str:
    """The document. The process is a normalised one: what runs is what is shown."""
    return _Writer(placed(process)).document()


class DiagramIds:
    """The ids of a document: what a plan may name first, each of them once."""

    def __init__(self, process: DrawnProcess) -> None:
        self._taken: dict[str, int] = {}
        self._nodes: dict[tuple[int, str], str] = {}
        self._bodies(process.body)

    def node(self, body: Body, node_id: str) -> str:
        """The id of a node of that body."""
        return self._nodes[id(body), node_id]

    def other(self, wanted: str) -> str:
        """An id that nothing has had; each call takes another."""
        return unique(xml_id(wanted), self._taken)

    def _bodies(self, body: Body) -> None:
        for node in body.nodes:
            self._nodes[id(body), node.id] = self.other(node.id)
        for node in body.nodes:
            if node.body:
                self._bodies(node.body)


class _Writer:
    def __init__(self, process: DrawnProcess) -> None:
        self._process = process
        self._ids = DiagramIds(process)
        self._references: dict[tuple[str, str], str] = {}
        self._flows: dict[tuple[int, int], str] = {}

    def document(self) -> str:
        process, ids = self._process, self._ids
        process_id = ids.other(process.id or "process")
        self._name_flows(process.body)
        lanes = [ids.other("lane") for _ in process.lanes]
        body = "".join(self._body(process.body))
        pool_id = ids.other("pool") if process.pool else ""
        plane = ids.other("collaboration") if pool_id else process_id
        beside = Beside(process, ids.node, ids.other, pool_id)
        pool = (
            f"<bpmn:collaboration id={_q(plane)}><bpmn:participant id={_q(pool_id)} name={_q(process.name)} "
            f"processRef={_q(process_id)} />{beside.participants()}</bpmn:collaboration>"
        )
        drawn = beside.shapes()
        shapes = picture(process, ids, self._flows, plane=plane, pool=pool_id, lanes=lanes, beside=drawn)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions {_NAMESPACES} '
            f'id={_q(ids.other("definitions"))} targetNamespace="urn:mtd:diagram">'
            f"{''.join(self._referred())}{beside.roots()}"
            f"{pool if pool_id else ''}"
            f'<bpmn:process id={_q(process_id)} name={_q(process.name)} isExecutable="true">'
            f"{self._lane_set(lanes)}{body}{beside.elements()}</bpmn:process>{shapes}</bpmn:definitions>\n"
        ).replace("><", ">\n<")

    def _name_flows(self, body: Body) -> None:
        for number, flow in enumerate(body.flows):
            self._flows[id(body), number] = self._ids.other(flow.id or "flow")
        for node in body.nodes:
            if node.body:
                self._name_flows(node.body)

    def _lane_set(self, lanes: list[str]) -> str:
        if not lanes:
            return ""
        members: dict[str, list[str]] = {}
        for body in bodies(self._process.body):
            for node in body.nodes:
                members.setdefault(node.lane, []).append(self._ids.node(body, node.id))
        lanes_xml = "".join(
            f"<bpmn:lane id={_q(lane_id)} name={_q(lane.name)}>"
            + "".join(f"<bpmn:flowNodeRef>{each}</bpmn:flowNodeRef>" for each in members.pop(lane.name, ()))
            + "</bpmn:lane>"
            for lane_id, lane in zip(lanes, self._process.lanes, strict=True)
        )
        return f"<bpmn:laneSet id={_q(self._ids.other('lanes'))}>{lanes_xml}</bpmn:laneSet>"

    def _body(self, body: Body) -> Iterator[str]:
        defaults = {flow.id: self._flows[id(body), number] for number, flow in enumerate(body.flows)}
        hosts = hosts_of(body)
        for node in body.nodes:
            yield self._node(node, kind_of(node, hosts), body, defaults)
        for number, flow in enumerate(body.flows):
            source, target = self._ids.node(body, flow.source), self._ids.node(body, flow.target)
            condition = (
                f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(flow.condition)}'
                "</bpmn:conditionExpression>"
            )
            yield (
                f"<bpmn:sequenceFlow id={_q(self._flows[id(body), number])}{_named(flow.name)} sourceRef={_q(source)} "
                f"targetRef={_q(target)}>{condition if flow.condition else ''}</bpmn:sequenceFlow>"
            )

    def _node(self, node: DrawnNode, kind: str, body: Body, defaults: dict[str, str]) -> str:
        said = f"id={_q(self._ids.node(body, node.id))}{_named(node.name)}"
        said += f" default={_q(defaults[node.default])}" if node.default in defaults else ""
        if kind == "boundaryEvent":
            said += f" attachedToRef={_q(self._ids.node(body, node.attached_to))}"
            said += "" if node.interrupting else ' cancelActivity="false"'
        said += f" calledElement={_q(node.detail)}" if kind == "callActivity" and node.detail else ""
        said += f" messageRef={_q(self._refer('message', node.reference))}" if self._waits_for_message(node) else ""
        inner = self._event(node) if kind in _EVENTS else ""
        if node.many:
            ordering = "true" if node.many.sequential else "false"
            inner += f'<bpmn:multiInstanceLoopCharacteristics isSequential="{ordering}" />'
        inner += f"<bpmn:script>{escape(node.detail)}</bpmn:script>" if kind == "scriptTask" and node.detail else ""
        inner += "".join(self._body(node.body)) if node.body and kind == "subProcess" else ""
        return f"<bpmn:{kind} {said}>{inner}</bpmn:{kind}>"

    def _waits_for_message(self, node: DrawnNode) -> bool:
        return node.kind in ("receiveTask", "sendTask") and bool(node.reference)

    def _event(self, node: DrawnNode) -> str:
        reference = ""
        if node.trigger in _REFERRED:
            reference = f" {node.trigger}Ref={_q(self._refer(node.trigger, node.reference))}" if node.reference else ""
        elif node.trigger not in _PLAIN:
            return ""
        when = "timeCycle" if node.detail.startswith("R") else "timeDuration"
        time = (
            f'<bpmn:{when} xsi:type="bpmn:tFormalExpression">{escape(node.detail)}</bpmn:{when}>'
            if node.trigger == "timer" and node.detail
            else ""
        )
        definition = f"bpmn:{_TAGS.get(node.trigger, node.trigger)}EventDefinition"
        return f"<{definition} id={_q(self._ids.other('definition'))}{reference}>{time}</{definition}>"

    def _refer(self, kind: str, name: str) -> str:
        if (kind, name) not in self._references:
            self._references[kind, name] = self._ids.other(kind)
        return self._references[kind, name]

    def _referred(self) -> Iterator[str]:
        for (kind, name), reference in self._references.items():
            code = f" {kind}Code={_q(name)}" if kind in ("error", "escalation") else ""
            yield f"<bpmn:{kind} id={_q(reference)} name={_q(name)}{code} />"


def kind_of(node: DrawnNode, hosts: Mapping[str, str]) -> str:
    """The element to write: BPMN's own, and one that a viewer can draw; `hosts` are those of boundary events."""
    if node.kind == "boundaryEvent" and node.id not in hosts:
        return "intermediateCatchEvent"
    return node.kind if node.kind in ACTIVITIES | GATEWAYS | _EVENTS else "task"


def bodies(body: Body) -> Iterator[Body]:
    """The body and those of its sub-processes, however deep."""
    yield body
    for node in body.nodes:
        if node.body:
            yield from bodies(node.body)


def _named(name: str) -> str:
    return f" name={_q(name)}" if name else ""
