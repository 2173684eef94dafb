"""Compiles a BPMN 2.0 diagram, as Bizagi Modeler exports it, to a plan.

Bizagi's habits that this reader knows: `isExecutable` absent or false, an empty ghost process beside the drawn one,
empty `conditionExpression`s (a flow's *name* carries its rule: SI / NO), no gateway default, extended attributes with
their names in the collaboration and their values on the element.
"""

import re
import unicodedata

from mtd.domain import xml
from mtd.domain.errors import MtdError, ProcessError
from mtd.engine.plan import Flow, Kind, Node, Plan

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL}"
_BIZAGI = "http://www.bizagi.com/bpmn20}"
_KINDS = {
    _BPMN + "startEvent": Kind.START,
    _BPMN + "endEvent": Kind.END,
    _BPMN + "serviceTask": Kind.SERVICE,
    _BPMN + "exclusiveGateway": Kind.EXCLUSIVE,
}
_IGNORED = {
    _BPMN + name
    for name in ("documentation", "extensionElements", "laneSet", "sequenceFlow", "boundaryEvent", "dataObject",
                 "dataObjectReference", "textAnnotation", "association", "group")
}  # fmt: skip
_RULES = {"si": True, "yes": True, "no": False}


def slug(name: str) -> str:
    """A node's id from its name: 'Emisión DTE' as 'emision_dte'."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def compile_plan(content: bytes, process: str) -> Plan:
    """The plan of a diagram; `process` is the key under which its versions are kept.

    Raises ProcessError, whose message names the element as the analyst sees it.
    """
    try:
        root = xml.parse(content)
    except MtdError as error:
        raise ProcessError(f"the diagram cannot be read: {error}", code="diagram_unreadable") from None
    if root.tag != _BPMN + "definitions":
        raise ProcessError("the file is not a BPMN 2.0 diagram", code="diagram_unreadable")
    drawn = [child for child in root.children if child.tag == _BPMN + "process" and _flow_nodes(child)]
    if len(drawn) != 1:
        raise ProcessError(f"the diagram has {len(drawn)} processes with nodes; one is needed", code="process_count")
    return _Compiler(root, drawn[0]).plan(process)


def _flow_nodes(process: xml.Element) -> list[xml.Element]:
    return [child for child in process.children if child.tag not in _IGNORED]


def _descendants(element: xml.Element, tag: str) -> list[xml.Element]:
    found = [child for child in element.children if child.tag == tag]
    for child in element.children:
        found += _descendants(child, tag)
    return found


class _Compiler:
    def __init__(self, root: xml.Element, process: xml.Element) -> None:
        self._process = process
        self._attribute_names = {
            definition.attributes.get("Id", ""): _child_text(definition, _BIZAGI + "Name")
            for definition in _descendants(root, _BIZAGI + "BizagiExtendedAttributeDefinition")
        }
        self._elements = {node.attributes["id"]: node for node in _flow_nodes(process)}
        self._ids = self._unique_ids()
        self._flows = [child for child in process.children if child.tag == _BPMN + "sequenceFlow"]

    def plan(self, process: str) -> Plan:
        nodes = [self._node(element) for element in self._elements.values()]
        starts = [node.id for node in nodes if node.kind is Kind.START]
        if len(starts) != 1:
            raise ProcessError(f"the process has {len(starts)} start events; one is needed", code="start_count")
        return Plan(
            process=process,
            name=self._process.attributes.get("name") or process,
            start=starts[0],
            nodes={node.id: node for node in nodes},
        )

    def _unique_ids(self) -> dict[str, str]:
        ids: dict[str, str] = {}
        for element_id, element in self._elements.items():
            wanted = slug(element.attributes.get("name", "")) or slug(element_id)
            name, suffix = wanted, 2
            while name in ids.values():
                name, suffix = f"{wanted}_{suffix}", suffix + 1
            ids[element_id] = name
        return ids

    def _node(self, element: xml.Element) -> Node:
        name = element.attributes.get("name", "")
        kind = _KINDS.get(element.tag)
        if kind is None:
            raise ProcessError(f"{name!r} is a {element.tag.rpartition('}')[2]}, which cannot run", code="kind_unknown")
        element_id = element.attributes["id"]
        attributes = self._extended_attributes(element)
        node_id = self._ids[element_id]
        flows = self._outgoing(element_id, element)
        if kind is not Kind.END and not flows:
            raise ProcessError(f"{name!r} leads nowhere", code="dead_end")
        if kind is Kind.EXCLUSIVE and len(flows) > 1 and "Fact" not in attributes:
            raise ProcessError(f"gateway {name!r} names no fact in its extended attribute 'Fact'", code="unbound")
        return Node(
            id=node_id,
            name=name,
            kind=kind,
            element=element_id,
            flows=flows,
            binding=attributes.get("Binding", f"api:/states/{node_id}") if kind is Kind.SERVICE else None,
            on_error=self._error_way(element_id),
            fact=attributes.get("Fact"),
        )

    def _outgoing(self, element_id: str, element: xml.Element) -> tuple[Flow, ...]:
        default = element.attributes.get("default")
        return tuple(
            Flow(
                to=self._target(flow),
                when=None if flow.attributes["id"] == default else _RULES.get(slug(flow.attributes.get("name", ""))),
            )
            for flow in self._flows
            if flow.attributes.get("sourceRef") == element_id
        )

    def _target(self, flow: xml.Element) -> str:
        try:
            return self._ids[flow.attributes["targetRef"]]
        except KeyError:
            raise ProcessError(f"flow {flow.attributes.get('id')!r} leads to no node", code="dead_end") from None

    def _error_way(self, element_id: str) -> str | None:
        for boundary in self._process.children:
            if boundary.tag == _BPMN + "boundaryEvent" and boundary.attributes.get("attachedToRef") == element_id:
                if not any(child.tag == _BPMN + "errorEventDefinition" for child in boundary.children):
                    raise ProcessError(
                        f"boundary event {boundary.attributes.get('name')!r} is not an error event",
                        code="kind_unknown",
                    )
                flows = self._outgoing(boundary.attributes["id"], boundary)
                if len(flows) != 1:
                    raise ProcessError(
                        f"boundary event {boundary.attributes.get('name')!r} needs one flow", code="dead_end"
                    )
                return flows[0].to
        return None

    def _extended_attributes(self, element: xml.Element) -> dict[str, str]:
        return {
            self._attribute_names.get(value.attributes.get("Id", ""), ""): _child_text(value, _BIZAGI + "Content")
            for value in _descendants(element, _BIZAGI + "BizagiExtendedAttributeValue")
        }


def _child_text(element: xml.Element, tag: str) -> str:
    return next((child.text for child in element.children if child.tag == tag), "")
