"""Reads XPDL 2.x as Bizagi Modeler exports it, and as it lies inside a `.bpm` file."""

from collections.abc import Mapping
from typing import Any

from mtd.domain.orders import xml
from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.model.drawing import (
    DEEPEST,
    MOST_NODES,
    Body,
    Drawing,
    DrawnFlow,
    DrawnLoop,
    DrawnMultiInstance,
    DrawnNode,
    DrawnProcess,
)
from mtd.engine.readers.xpdl_artifacts import surroundings
from mtd.engine.readers.xpdl_events import event_fields, message_fields
from mtd.engine.readers.xpdl_graphics import bends_of, box_of, is_expanded, label_of
from mtd.engine.readers.xpdl_lanes import drawn_lanes, drawn_pool, lanes_of
from mtd.engine.readers.xpdl_tree import child, inside, local, one_line, text

type Attributes = Mapping[str, Mapping[str, str]]
"""Extended attributes by element id and name, where they lie in a file of their own."""

_GATEWAYS = {
    "": "exclusiveGateway", "exclusive": "exclusiveGateway", "xor": "exclusiveGateway",
    "parallel": "parallelGateway", "and": "parallelGateway", "inclusive": "inclusiveGateway", "or": "inclusiveGateway",
    "eventbased": "eventBasedGateway", "complex": "complexGateway",
}  # fmt: skip
_TASKS = {
    "TaskUser": "userTask", "TaskService": "serviceTask", "TaskSend": "sendTask", "TaskReceive": "receiveTask",
    "TaskManual": "manualTask", "TaskScript": "scriptTask", "TaskBusinessRule": "businessRuleTask",
}  # fmt: skip


def is_xpdl(root: xml.Element) -> bool:
    """Whether the document is an XPDL package."""
    return local(root) == "Package" and "xpdl" in root.tag.lower()


def read(root: xml.Element, name: str, attributes: Attributes | None = None) -> Drawing:
    """The drawing of an XPDL package; `name` is the file's. Raises ProcessError."""
    pools = {pool.attributes.get("Process", ""): pool for pool in inside(root, "Pools")}
    processes = []
    for element in inside(root, "WorkflowProcesses"):
        identifier = element.attributes.get("Id", "")
        pool = pools.get(identifier)
        sets = {each.attributes.get("Id", ""): each for each in inside(element, "ActivitySets")}
        reader = _XpdlReader(sets, lanes_of(pool, element) if pool else {}, attributes or {}, _associations(root))
        body, box = reader.body(element), drawn_pool(pool) if pool else None
        processes.append(
            DrawnProcess(
                id=identifier,
                name=one_line(element.attributes.get("Name", "") or (pool.attributes.get("Name", "") if pool else "")),
                body=body,
                documentation=text(child(element, "ProcessHeader"), "Description"),
                pool=box,
                lanes=drawn_lanes(pool) if pool else (),
                around=surroundings(root, element, body, box),
            )
        )
    return Drawing(name=root.attributes.get("Name", "") or name, processes=tuple(processes))


def _associations(root: xml.Element) -> dict[str, str]:
    return {
        each.attributes.get("Source", ""): each.attributes.get("Target", "") for each in inside(root, "Associations")
    }


class _XpdlReader:
    def __init__(
        self,
        sets: Mapping[str, xml.Element],
        lanes: Mapping[str, str],
        attributes: Attributes,
        associations: Mapping[str, str],
    ) -> None:
        self._associations = associations
        self._sets = sets
        self._lanes = lanes
        self._attributes = attributes
        self._open: list[str] = []
        self._count = 0

    def body(self, element: xml.Element) -> Body:
        transitions = list(inside(element, "Transitions"))
        defaults = {
            each.attributes.get("From", ""): each.attributes.get("Id", "")
            for each in transitions
            if _condition(each)[0] == "OTHERWISE"
        }
        nodes = tuple(self._node(each, defaults) for each in inside(element, "Activities"))
        return Body(nodes=nodes, flows=tuple(map(_flow, transitions)))

    def _node(self, element: xml.Element, defaults: Mapping[str, str]) -> DrawnNode:
        identifier, name = element.attributes.get("Id", ""), one_line(element.attributes.get("Name", ""))
        self._count += 1
        if self._count > MOST_NODES:
            # An activity set may be referred to twice, in sets that are referred to twice, and so on.
            raise PhrasedError(Phrase("too_many_nodes", most=MOST_NODES), code="diagram_too_large")
        if not identifier:
            raise PhrasedError(Phrase("activity_without_id", name=name), code="diagram_damaged")
        said = {
            each.attributes["Name"]: each.attributes.get("Value", "") or each.text
            for each in inside(element, "ExtendedAttributes")
            if "Name" in each.attributes
        }
        event = child(element, "Event")
        made = event_fields(event) if event else self._activity(element)
        if made["kind"] == "boundaryEvent" and made["trigger"] == "compensation":
            made["reference"] = self._associations.get(identifier, "")
        loop = child(element, "Loop")
        kind = loop.attributes.get("LoopType", "None").lower() if loop else "none"
        return DrawnNode(
            id=identifier,
            name=name,
            default=defaults.get(identifier, ""),
            many=_many(loop) if loop and kind == "multiinstance" else None,
            loop=_loop(loop) if loop and kind == "standard" else None,
            for_compensation=element.attributes.get("IsForCompensation", "").lower() == "true",
            lane=self._lanes.get(identifier, ""),
            documentation=text(element, "Documentation") or text(element, "Description"),
            attributes={**said, **self._attributes.get(identifier, {})},
            box=box_of(element),
            label=label_of(element),
            expanded=is_expanded(element),
            **made,
        )

    def _activity(self, element: xml.Element) -> dict[str, Any]:
        route, block = child(element, "Route"), child(element, "BlockActivity")
        if route:
            kind = route.attributes.get("GatewayType", "") or route.attributes.get("SplitTypeCode", "")
            if route.attributes.get("ParallelEventBased", "").lower() == "true":
                return {"kind": "parallelGateway"}
            if route.attributes.get("ExclusiveType", "").lower() == "event":
                return {"kind": "eventBasedGateway"}
            return {"kind": _GATEWAYS.get(kind.lower(), f"{kind} gateway")}
        if block:
            return self._sub_process(element, block)
        implementation = child(element, "Implementation")
        for each in implementation.children if implementation else ():
            if local(each) == "SubFlow":
                return {"kind": "callActivity", "detail": each.attributes.get("Id", "")}
            for task in each.children if local(each) == "Task" else ():
                return {"kind": _TASKS.get(local(task), "task"), "detail": text(task, "Script"), **message_fields(task)}
        return {"kind": "task"}

    def _sub_process(self, element: xml.Element, block: xml.Element) -> dict[str, Any]:
        wanted = block.attributes.get("ActivitySetId", "")
        found = self._sets.get(wanted)
        if wanted in self._open:
            name = element.attributes.get("Name", wanted)
            raise PhrasedError(Phrase("holds_itself", name=name), code="diagram_damaged")
        if found is None:
            return {"kind": "subProcess", "body": Body()}
        if found.attributes.get("AdHoc", "").lower() == "true":
            return {"kind": "adHocSubProcess"}
        if element.attributes.get("IsATransaction", "").lower() == "true":
            return {"kind": "transaction"}
        if len(self._open) >= DEEPEST:
            raise PhrasedError(Phrase("sub_processes_too_deep", most=DEEPEST), code="diagram_too_large")
        self._open.append(wanted)
        body = self.body(found)
        self._open.pop()
        own = found.attributes.get("TriggeredByEvent", "").lower() == "true"
        return {"kind": "eventSubProcess" if own else "subProcess", "body": body}


def _many(loop: xml.Element) -> DrawnMultiInstance:
    marked = child(loop, "LoopMultiInstance")
    attributes = marked.attributes if marked else {}
    return DrawnMultiInstance(
        sequential=attributes.get("MI_Ordering", "").lower() == "sequential", until=text(marked, "MI_Condition")
    )


def _loop(loop: xml.Element) -> DrawnLoop:
    marked = child(loop, "LoopStandard")
    attributes = marked.attributes if marked else {}
    most = attributes.get("LoopMaximum", "")
    return DrawnLoop(
        condition=attributes.get("LoopCondition", "") or text(marked, "LoopCondition"),
        before=attributes.get("TestTime", "").lower() == "before",
        most=int(most[:4]) if most.isascii() and most.isdigit() else 0,
    )


def _condition(transition: xml.Element) -> tuple[str, str]:
    condition = child(transition, "Condition")
    if condition is None:
        return "", ""
    return condition.attributes.get("Type", "").upper(), text(condition, "Expression") or condition.text


def _flow(element: xml.Element) -> DrawnFlow:
    attributes = element.attributes
    return DrawnFlow(
        id=attributes.get("Id", ""),
        name=one_line(attributes.get("Name", "")),
        source=attributes.get("From", ""),
        target=attributes.get("To", ""),
        condition=_condition(element)[1],
        bends=bends_of(element),
        label=label_of(element, "ConnectorGraphicsInfos"),
    )
