"""Plans as JSON, and back. Default values are left out."""

from dataclasses import MISSING, fields
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import (
    Choice,
    ErrorCase,
    EventType,
    Flow,
    MultiInstance,
    Node,
    NodeKind,
    Plan,
    ServerCall,
    TaskAssignment,
)

_FORMAT = 4
_KINDS = frozenset({NodeKind.SIGNAL, NodeKind.SIGNAL_THROW, NodeKind.CONDITION, NodeKind.COMPENSATE})
_TRIGGERS = frozenset({EventType.SIGNAL, EventType.CONDITIONAL, EventType.COMPENSATION})


def to_json(plan: Plan) -> Json:
    """The plan as JSON types."""
    nodes = plan.nodes.values()
    document: Json = {
        "format": max(map(_format_of, nodes), default=2),
        "process": plan.process,
        "name": plan.name,
        "start": plan.start,
        "nodes": [_node_json(node) for node in nodes],
    }
    if plan.starts != (plan.start,):
        document["starts"] = list(plan.starts)
    return document


def _format_of(node: Node) -> int:
    """The first format whose code can read the node: 2, 3 or 4."""
    if node.call is not None:
        return _FORMAT
    return 3 if _needs_third_format(node) else 2


def _needs_third_format(node: Node) -> bool:
    if node.kind in _KINDS or node.trigger in _TRIGGERS or node.when is not None or node.compensation is not None:
        return True
    chosen = node.work is not None and bool(node.work.extends or node.work.choices)
    return chosen or (node.repeat is not None and (node.repeat.collect or node.repeat.until is not None))


def from_json(document: Json) -> Plan:
    """The inverse of `to_json`; reads the earlier formats too, on which orders may still be: each from the second on
    lacks what the next adds, the first is another."""
    found = document.get("format", 1)
    if found not in range(1, _FORMAT + 1):
        raise ProcessError(f"the plan has format {found}; this code reads {_FORMAT}", code="plan_format")
    read = _node if found != 1 else _first_format
    nodes = [each for node in document["nodes"] for each in read(node)]
    return Plan(
        process=document["process"],
        name=document["name"],
        start=document["start"],
        starts=tuple(document.get("starts", (document["start"],))),
        nodes={each.id: each for each in nodes},
    )


def _changed(part: Any) -> Json:
    return {
        each.name: value
        for each in fields(part)
        if (value := getattr(part, each.name)) != each.default or each.default is MISSING
    }


def _node_json(node: Node) -> Json:
    document = _changed(node)
    if node.flows:
        document["flows"] = [_changed(flow) for flow in node.flows]
    for name in ("work", "repeat"):
        if name in document:
            document[name] = _changed(document[name])
    if node.work and node.work.choices:
        document["work"]["choices"] = [{**_changed(each), "options": list(each.options)} for each in node.work.choices]
    if node.call is not None:
        document["call"] = _call_json(node.call)
    for name in ("boundaries", "incoming"):
        if name in document:
            document[name] = list(document[name])
    if node.sets:
        document["sets"] = [list(each) for each in node.sets]
    document["kind"] = node.kind.value
    if node.trigger:
        document["trigger"] = node.trigger.value
    return document


def _node(document: Json) -> list[Node]:
    known = {**document, "kind": NodeKind(document["kind"])}
    if "trigger" in document:
        known["trigger"] = EventType(document["trigger"])
    for name in ("boundaries", "incoming"):
        if name in document:
            known[name] = tuple(document[name])
    known["flows"] = tuple(Flow(**flow) for flow in document.get("flows", ()))
    known["sets"] = tuple((name, rule) for name, rule in document.get("sets", ()))
    if "work" in document:
        known["work"] = _work(document["work"])
    if "repeat" in document:
        known["repeat"] = MultiInstance(**document["repeat"])
    if "call" in document:
        known["call"] = _call(document["call"])
    return [Node(**known)]


def _call_json(call: ServerCall) -> Json:
    document = _changed(call)
    if call.result:
        document["result"] = [list(each) for each in call.result]
    if call.errors:
        document["errors"] = [_changed(each) for each in call.errors]
    return document


def _call(document: Json) -> ServerCall:
    return ServerCall(
        send=document["send"],
        result=tuple((name, rule) for name, rule in document.get("result", ())),
        errors=tuple(ErrorCase(**each) for each in document.get("errors", ())),
    )


def _work(document: Json) -> TaskAssignment:
    choices = (Choice(**{**each, "options": tuple(each["options"])}) for each in document.get("choices", ()))
    return TaskAssignment(**{**document, "choices": tuple(choices)})


def _first_format(document: Json) -> list[Node]:
    """A flow's `when` was the value of its gateway's fact, and a task named where its boundary error event leads."""
    node_id, fact, on_error = document["id"], document["fact"], document["on_error"]
    flows = tuple(
        Flow(
            to=flow["to"],
            id=f"{node_id}:{position}",
            when=None if flow["when"] is None else ["name", fact] if flow["when"] else ["not", ["name", fact]],
            default=flow["when"] is None and len(document["flows"]) > 1,
        )
        for position, flow in enumerate(document["flows"])
    )
    boundary = f"{node_id}_error" if on_error else None
    node = Node(
        id=node_id,
        name=document["name"],
        kind=NodeKind(document["kind"]),
        element=document["element"],
        flows=flows,
        binding=document["binding"],
        boundaries=(boundary,) if boundary else (),
        on_error=boundary,
    )
    if not boundary:
        return [node]
    catch = Node(
        id=boundary,
        name=f"{document['name']} failed",
        kind=NodeKind.BOUNDARY,
        element="",
        flows=(Flow(to=on_error, id=f"{boundary}:0"),),
        attached_to=node_id,
        trigger=EventType.ERROR,
    )
    return [node, catch]
