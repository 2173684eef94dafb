"""Writes drawings as BPMN 2.0, in the way Bizagi Modeler does: no conditions, a ghost process, extended attributes."""

from xml.sax.saxutils import escape
from xml.sax.saxutils import quoteattr as _q

from mtd.engine.model.drawing import Body, Drawing, DrawnNode

_BPMN = 'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
_BIZAGI = 'xmlns:bizagi="http://www.bizagi.com/bpmn20"'


def bpmn(drawing: Drawing) -> bytes:
    """The drawing as BPMN 2.0, as Bizagi writes it: no conditions, a ghost process, extended attributes."""
    processes = "".join(
        f"<process id={_q(each.id)} name={_q(each.name)}>{_lane_set(each.body)}{_bpmn_body(each.body)}</process>"
        for each in drawing.processes
    )
    names = sorted({name for each in drawing.processes for name in attribute_names(each.body)})
    definitions = "".join(
        f'<bizagi:BizagiExtendedAttributeDefinition Id="attribute-{name}" Type="SingleText"><bizagi:Name>{name}'
        "</bizagi:Name></bizagi:BizagiExtendedAttributeDefinition>"
        for name in names
    )
    references = "".join(
        f"<{kind} id={_q(f'{kind}-{name}')} name={_q(name)} />"
        for kind, name in sorted({pair for each in drawing.processes for pair in _references(each.body)})
    )
    return (
        (
            f'<?xml version="1.0"?>\n<definitions id="d" targetNamespace="http://www.bizagi.com/definitions/d" {_BPMN}>'
            f'{references}{processes}<process id="ghost"><documentation /></process>'
            f'<collaboration id="c" name={_q(drawing.name)}><extensionElements><bizagi:BizagiExtensions {_BIZAGI}>'
            f"<bizagi:BizagiExtendedAttributeDefinitions>{definitions}</bizagi:BizagiExtendedAttributeDefinitions>"
            f"</bizagi:BizagiExtensions></extensionElements></collaboration></definitions>\n"
        )
        .replace("><", ">\n<")
        .encode()
    )


def _bpmn_body(body: Body) -> str:
    nodes = "".join(_bpmn_node(node) for node in body.nodes)
    flows = "".join(
        f"<sequenceFlow id={_q(flow.id)} name={_q(flow.name)} sourceRef={_q(flow.source)} targetRef={_q(flow.target)}>"
        + (f"<conditionExpression>{escape(flow.condition)}</conditionExpression>" if flow.condition else "")
        + "</sequenceFlow>"
        for flow in body.flows
    )
    return nodes + flows + _associations(body)


def _associations(body: Body) -> str:
    return "".join(
        f"<association id={_q(f'{each.id}-undo')} sourceRef={_q(each.id)} targetRef={_q(each.reference)} />"
        for each in body.nodes
        if (each.kind, each.trigger) == ("boundaryEvent", "compensation")
    )


def _bpmn_node(node: DrawnNode) -> str:
    said = f"id={_q(node.id)} name={_q(node.name)}"
    said += f" default={_q(node.default)}" if node.default else ""
    said += f" attachedToRef={_q(node.attached_to)}" if node.attached_to else ""
    held = "isInterrupting" if node.kind == "startEvent" else "cancelActivity"
    said += "" if node.interrupting else f' {held}="false"'
    said += ' isForCompensation="true"' if node.for_compensation else ""
    said += ' triggeredByEvent="true"' if node.kind == "eventSubProcess" else ""
    said += f" calledElement={_q(node.detail)}" if node.kind == "callActivity" else ""
    said += f" messageRef={_q(f'message-{node.reference}')}" if node.kind == "receiveTask" and node.reference else ""
    inner = _bpmn_attributes(node) + (_bpmn_event(node) if node.trigger else "")
    inner += f"<script>{escape(node.detail)}</script>" if node.kind == "scriptTask" else ""
    if node.many:
        until = f"<completionCondition>{escape(node.many.until)}</completionCondition>" if node.many.until else ""
        tag, sequential = "multiInstanceLoopCharacteristics", str(node.many.sequential).lower()
        inner += f'<{tag} isSequential="{sequential}"' + (f">{until}</{tag}>" if until else " />")
    if node.loop:
        before, most = str(node.loop.before).lower(), f' loopMaximum="{node.loop.most}"' if node.loop.most else ""
        condition = f"<loopCondition>{escape(node.loop.condition)}</loopCondition>"
        inner += f'<standardLoopCharacteristics testBefore="{before}"{most}>{condition}</standardLoopCharacteristics>'
    tag = "subProcess" if node.kind == "eventSubProcess" else node.kind
    return f"<{tag} {said}>{inner}{_bpmn_body(node.body) if node.body else ''}</{tag}>"


def _bpmn_event(node: DrawnNode) -> str:
    if node.trigger == "link":
        return f"<linkEventDefinition name={_q(node.reference or node.name)} />"
    if node.trigger == "compensation":
        undone = f" activityRef={_q(node.reference)}" if node.reference and node.kind != "boundaryEvent" else ""
        return f"<compensateEventDefinition{undone} />"
    reference = f" {node.trigger}Ref={_q(f'{node.trigger}-{node.reference}')}" if node.reference else ""
    time = f"<timeDuration>{escape(node.detail)}</timeDuration>" if node.trigger == "timer" else ""
    time += f"<condition>{escape(node.detail)}</condition>" if node.trigger == "conditional" else ""
    return f"<{node.trigger}EventDefinition{reference}>{time}</{node.trigger}EventDefinition>"


def _bpmn_attributes(node: DrawnNode) -> str:
    if not node.attributes:
        return ""
    values = "".join(
        f'<bizagi:BizagiExtendedAttributeValue Id="attribute-{name}" Type="SingleText"><bizagi:Content>'
        f"{escape(value)}</bizagi:Content></bizagi:BizagiExtendedAttributeValue>"
        for name, value in node.attributes.items()
    )
    return (
        f"<extensionElements><bizagi:BizagiExtensions {_BIZAGI}><bizagi:BizagiExtendedAttributeValues>{values}"
        "</bizagi:BizagiExtendedAttributeValues></bizagi:BizagiExtensions></extensionElements>"
    )


def _lane_set(body: Body) -> str:
    lanes = {node.lane: [each.id for each in body.nodes if each.lane == node.lane] for node in body.nodes if node.lane}
    return (
        "<laneSet>"
        + "".join(
            f"<lane name={_q(lane)}>{''.join(f'<flowNodeRef>{escape(each)}</flowNodeRef>' for each in ids)}</lane>"
            for lane, ids in lanes.items()
        )
        + "</laneSet>"
    )


def attribute_names(body: Body) -> set[str]:
    """The names of all extended attributes in use."""
    inner = [attribute_names(node.body) for node in body.nodes if node.body]
    return {name for node in body.nodes for name in node.attributes}.union(*inner)


def _references(body: Body) -> set[tuple[str, str]]:
    inner = [_references(node.body) for node in body.nodes if node.body]
    named = [node for node in body.nodes if node.reference and node.trigger != "compensation"]
    own = {(node.trigger or "message", node.reference) for node in named}
    return own.union(*inner)
