"""Reads BPMN 2.0 as Bizagi Modeler and other tools write it."""

from mtd.domain.orders import xml
from mtd.engine.messages.naming import xml_id
from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.drawing import (
    KINDS,
    Body,
    Drawing,
    DrawnFlow,
    DrawnLoop,
    DrawnMultiInstance,
    DrawnNode,
    DrawnProcess,
)
from mtd.engine.readers.bpmn_tree import (
    BIZAGI,
    NAMESPACE,
    child_text,
    empty_labels,
    extended_values,
    lanes_of,
    one_line,
    shown,
)

_NOT_NODES = {
    "documentation", "extensionElements", "laneSet", "sequenceFlow", "incoming", "outgoing", "textAnnotation", "group",
    "association", "dataObject", "dataObjectReference", "dataStoreReference", "ioSpecification", "property", "auditing",
    "monitoring",
    "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "dataInputAssociation", "dataOutputAssociation",
    "performer", "humanPerformer", "potentialOwner", "resourceRole", "correlationSubscription", "supports", "artifact",
    "loopCounter", "LoopCounter", "eventDefinitionRef",
}  # fmt: skip


_WITH_BODY = frozenset({"subProcess", "transaction", "adHocSubProcess", "eventSubProcess"})


def is_bpmn(root: xml.Element) -> bool:
    """Whether the document is BPMN 2.0."""
    return root.tag == NAMESPACE + "definitions"


def read(root: xml.Element, name: str) -> Drawing:
    """The drawing of a BPMN 2.0 document; `name` is the file's.

    Raises ProcessError, whose message names the element as the analyst sees it.
    """
    return _BpmnReader(root, name).drawing()


class _BpmnReader:
    def __init__(self, root: xml.Element, name: str) -> None:
        self._root = root
        self._name = name
        self._remarks: list[Phrase] = []
        self._attributes: dict[str, str] = {}
        self._references: dict[str, str] = {}
        self._pools: dict[str, str] = {}
        self._associations: dict[str, str] = {}
        self._collect(root)

    def drawing(self) -> Drawing:
        processes = tuple(self._process(child) for child in self._root.children if child.tag == NAMESPACE + "process")
        self._countempty_labels()
        collaboration = next((each for each in self._root.children if each.tag == NAMESPACE + "collaboration"), None)
        drawn = collaboration.attributes.get("name", "") if collaboration else ""
        ids = [node.id for process in processes for node in process.body.nodes]
        pictured = not shown(self._root).isdisjoint(ids) and all(each == xml_id(each) for each in ids)
        return Drawing(name=drawn or self._name, processes=processes, remarks=tuple(self._remarks), pictured=pictured)

    def _collect(self, element: xml.Element) -> None:
        """Names that elements elsewhere refer to: extended attributes, messages, errors, pools."""
        for child in element.children:
            local = child.tag.rpartition("}")[2]
            if child.tag == BIZAGI + "BizagiExtendedAttributeDefinition":
                self._attributes[child.attributes.get("Id", "")] = child_text(child, BIZAGI + "Name")
            elif local in ("message", "error", "escalation", "signal") and child.tag.startswith(NAMESPACE):
                name = child.attributes.get(f"{local}Code") or child.attributes.get("name", "")
                self._references[child.attributes.get("id", "")] = name
            elif local == "participant":
                self._pools[child.attributes.get("processRef", "")] = child.attributes.get("name", "")
            if local in ("collaboration", "extensionElements") or child.tag.startswith(BIZAGI):
                self._collect(child)

    def _process(self, element: xml.Element) -> DrawnProcess:
        identifier = element.attributes.get("id", "")
        executable = element.attributes.get("isExecutable")
        lanes: dict[str, str] = {}
        lanes_of(element, lanes)
        return DrawnProcess(
            id=identifier,
            name=element.attributes.get("name") or self._pools.get(identifier, ""),
            body=self._body(element, lanes),
            executable=None if executable is None else executable == "true",
            documentation=child_text(element, NAMESPACE + "documentation"),
        )

    def _body(self, element: xml.Element, lanes: dict[str, str]) -> Body:
        nodes, flows = [], []
        for child in element.children:
            if child.tag == NAMESPACE + "association":
                source, target = child.attributes.get("sourceRef", ""), child.attributes.get("targetRef", "")
                self._associations |= {source: target}
        for child in element.children:
            namespace, _, local = child.tag.rpartition("}")
            if local == "sequenceFlow":
                flows.append(self._flow(child))
            elif (
                namespace + "}" == NAMESPACE
                and local not in _NOT_NODES
                and (local in KINDS or "id" in child.attributes)
            ):
                nodes.append(self._node(child, local, lanes))
        return Body(nodes=tuple(nodes), flows=tuple(flows))

    def _flow(self, element: xml.Element) -> DrawnFlow:
        attributes = element.attributes
        return DrawnFlow(
            id=attributes.get("id", ""),
            name=one_line(attributes.get("name", "")),
            source=attributes.get("sourceRef", ""),
            target=attributes.get("targetRef", ""),
            condition=child_text(element, NAMESPACE + "conditionExpression"),
        )

    def _node(self, element: xml.Element, kind: str, lanes: dict[str, str]) -> DrawnNode:
        attributes = element.attributes
        name = one_line(attributes.get("name", ""))
        if "id" not in attributes:
            raise PhrasedError(Phrase("element_without_id", kind=kind, name=name), code="diagram_damaged")
        trigger, detail, reference = self._definition(element)
        if (kind, trigger) == ("boundaryEvent", "compensation"):
            reference = self._associations.get(attributes["id"], "")
        message = attributes.get("messageRef")
        if attributes.get("triggeredByEvent") == "true":
            kind = "eventSubProcess"
        if kind == "eventBasedGateway" and attributes.get("eventGatewayType") == "Parallel":
            kind = "parallelGateway"
        if kind == "scriptTask":
            detail = child_text(element, NAMESPACE + "script")
        elif kind == "callActivity":
            detail = attributes.get("calledElement", "")
        return DrawnNode(
            id=attributes["id"],
            name=name,
            kind=kind,
            trigger=trigger,
            detail=detail,
            reference=self._references.get(message, message) if message else reference,
            attached_to=attributes.get("attachedToRef", ""),
            interrupting=attributes.get("cancelActivity", attributes.get("isInterrupting", "true")) != "false",
            default=attributes.get("default", ""),
            many=self._many(element, name),
            loop=_loop(element),
            for_compensation=attributes.get("isForCompensation") == "true",
            lane=lanes.get(attributes["id"], ""),
            documentation=child_text(element, NAMESPACE + "documentation"),
            attributes=self._extended(element),
            body=self._body(element, lanes) if kind in _WITH_BODY else None,
        )

    def _definition(self, element: xml.Element) -> tuple[str, str, str]:
        found = [child for child in element.children if child.tag.endswith("EventDefinition")]
        if not found:
            referred = any(child.tag == NAMESPACE + "eventDefinitionRef" for child in element.children)
            return "shared definition" if referred else "", "", ""
        if len(found) > 1:
            return "multiple", "", ""
        definition = found[0]
        trigger = definition.tag.rpartition("}")[2].removesuffix("EventDefinition")
        said = ("timeDate", "timeDuration", "timeCycle", "condition")
        times = [child.text for child in definition.children if child.tag.rpartition("}")[2] in said]
        if trigger == "link":
            return trigger, "", definition.attributes.get("name", "")
        if trigger == "compensate":
            return "compensation", "", definition.attributes.get("activityRef", "")
        reference = definition.attributes.get(f"{trigger}Ref", "")
        return trigger, next(iter(times), ""), self._references.get(reference, "")

    def _many(self, element: xml.Element, name: str) -> DrawnMultiInstance | None:
        many = None
        for child in element.children:
            local = child.tag.rpartition("}")[2]
            if "oop" not in local:
                continue
            inside = (*child.attributes, *(each.tag.rpartition("}")[2] for each in child.children), local)
            if any(each.lower() == "loopcounter" for each in inside):
                self._remarks.append(Phrase("loop_counter", name=name))
            if local == "multiInstanceLoopCharacteristics":
                many = DrawnMultiInstance(
                    sequential=child.attributes.get("isSequential") == "true",
                    collection=child_text(child, NAMESPACE + "loopDataInputRef"),
                    until=child_text(child, NAMESPACE + "completionCondition"),
                )
        return many

    def _extended(self, element: xml.Element) -> dict[str, str]:
        found: dict[str, str] = {}
        for child in element.children:
            if child.tag == NAMESPACE + "extensionElements":
                extended_values(child, self._attributes, found)
        return found

    def _countempty_labels(self) -> None:
        """Bizagi gives labels without bounds; a viewer that trusts them draws no text."""
        empty: set[str] = set()
        empty_labels(self._root, "", empty)
        if empty:
            self._remarks.append(Phrase("labels_without_bounds", count=len(empty)))


def _loop(element: xml.Element) -> DrawnLoop | None:
    for child in element.children:
        if child.tag == NAMESPACE + "standardLoopCharacteristics":
            most = child.attributes.get("loopMaximum", "")
            return DrawnLoop(
                condition=child_text(child, NAMESPACE + "loopCondition"),
                before=child.attributes.get("testBefore") == "true",
                most=int(most[:4]) if most.isascii() and most.isdigit() else 0,
            )
    return None
