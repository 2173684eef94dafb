"""Writes drawings as XPDL 2.2, and as Bizagi Modeler's own `.bpm` files."""

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape
from xml.sax.saxutils import quoteattr as _q

from mtd.engine.model.drawing import Body, Drawing, DrawnFlow, DrawnNode, DrawnProcess
from mtd.engine.model.geometry import Box
from tests.support.bpmn_files import attribute_names

_XPDL = 'xmlns="http://www.wfmc.org/2009/XPDL2.2"'
_XPDL_TASKS = {
    "userTask": "TaskUser",
    "serviceTask": "TaskService",
    "sendTask": "TaskSend",
    "receiveTask": "TaskReceive",
    "manualTask": "TaskManual",
    "scriptTask": "TaskScript",
    "businessRuleTask": "TaskBusinessRule",
}
_XPDL_ROUTES = {
    "exclusiveGateway": "",
    "parallelGateway": ' GatewayType="Parallel"',
    "inclusiveGateway": ' GatewayType="Inclusive"',
    "eventBasedGateway": ' ExclusiveType="Event"',
}


def xpdl(drawing: Drawing, *, attributes: bool = True) -> bytes:
    """The drawing as XPDL 2.2; without `attributes` as it lies in a `.bpm` file, which keeps them apart."""
    pools = "".join(
        f"<Pool Id={_q(f'pool-{each.id}')} Name={_q(each.name)} Process={_q(each.id)}>{_xpdl_lanes(each)}"
        f"{drawn_at(each.pool) if each.pool else ''}</Pool>"
        for each in drawing.processes
    )
    processes = "".join(
        f"<WorkflowProcess Id={_q(each.id)} Name={_q(each.name)}><ActivitySets>{_activity_sets(each.body, attributes)}"
        f"</ActivitySets>{_xpdl_body(each.body, attributes)}</WorkflowProcess>"
        for each in drawing.processes
    )
    undone = "".join(_associations(each.body) for each in drawing.processes)
    associations = f"<Associations>{undone}</Associations>" if undone else ""
    return (
        (
            f'<?xml version="1.0" encoding="utf-8"?>\n<Package {_XPDL} Id="package" Name={_q(drawing.name)}>'
            f"<PackageHeader><XPDLVersion>2.2</XPDLVersion></PackageHeader><Pools>{pools}</Pools>"
            f"{associations}<WorkflowProcesses>{processes}</WorkflowProcesses></Package>\n"
        )
        .replace("><", ">\n<")
        .encode()
    )


def _associations(body: Body) -> str:
    own = "".join(
        f"<Association Id={_q(f'{each.id}-undo')} Source={_q(each.id)} Target={_q(each.reference)} />"
        for each in body.nodes
        if (each.kind, each.trigger) == ("boundaryEvent", "compensation")
    )
    return own + "".join(_associations(node.body) for node in body.nodes if node.body)


def _xpdl_lanes(process: DrawnProcess) -> str:
    """Bizagi's lanes are relative to their pool, and come before its own graphics."""
    names = dict.fromkeys(node.lane for node in process.body.nodes if node.lane)
    boxes = {
        lane.name: lane.box.moved(-process.pool.x, -process.pool.y)
        for lane in process.lanes
        if lane.box and process.pool
    }
    lanes = "".join(
        f"<Lane Id={_q(f'lane-{name}')} Name={_q(name)}>{drawn_at(boxes[name])}</Lane>"
        if name in boxes
        else f"<Lane Id={_q(f'lane-{name}')} Name={_q(name)} />"
        for name in [*names, *(boxes.keys() - names)]
    )
    return f"<Lanes>{lanes}</Lanes>"


def drawn_at(box: Box | None, said: str = "") -> str:
    """The graphics of an element as Bizagi Modeler writes them, with coordinates of the page."""
    place = f'<Coordinates XCoordinate="{box.x:g}" YCoordinate="{box.y:g}" />' if box else ""
    said += f' ToolId="BizAgi_Process_Modeler" Height="{box.height:g}" Width="{box.width:g}"' if box else ""
    inner = f"<NodeGraphicsInfo{said}>{place}</NodeGraphicsInfo>" if place else f"<NodeGraphicsInfo{said} />"
    return f"<NodeGraphicsInfos>{inner}</NodeGraphicsInfos>"


def _bends(flow: DrawnFlow) -> str:
    points = "".join(f'<Coordinates XCoordinate="{each.x:g}" YCoordinate="{each.y:g}" />' for each in flow.bends)
    graphics = f'<ConnectorGraphicsInfo ToolId="BizAgi_Process_Modeler">{points}</ConnectorGraphicsInfo>'
    return f"<ConnectorGraphicsInfos>{graphics}</ConnectorGraphicsInfos>" if flow.bends else ""


def _activity_sets(body: Body, attributes: bool) -> str:
    return "".join(
        f"<ActivitySet Id={_q(node.id)}{_own(node)}>{_xpdl_body(node.body, attributes)}</ActivitySet>"
        + _activity_sets(node.body, attributes)
        for node in body.nodes
        if node.body
    )


def _own(node: DrawnNode) -> str:
    return ' TriggeredByEvent="true"' if node.kind == "eventSubProcess" else ""


def _loop(node: DrawnNode) -> str:
    if node.loop is not None:
        most = f' LoopMaximum="{node.loop.most}"' if node.loop.most else ""
        test, condition = "Before" if node.loop.before else "After", _q(node.loop.condition)
        return f'<Loop LoopType="Standard"><LoopStandard TestTime="{test}"{most} LoopCondition={condition} /></Loop>'
    if node.many is None:
        return ""
    ordering = "Sequential" if node.many.sequential else "Parallel"
    until = f"<MI_Condition>{escape(node.many.until)}</MI_Condition></LoopMultiInstance>" if node.many.until else ""
    said = f'<LoopMultiInstance MI_Ordering="{ordering}"' + (f">{until}" if until else " />")
    return f'<Loop LoopType="MultiInstance">{said}</Loop>'


def _xpdl_body(body: Body, attributes: bool) -> str:
    defaults = {node.default for node in body.nodes if node.default}
    transitions = "".join(
        f"<Transition Id={_q(flow.id)} Name={_q(flow.name)} From={_q(flow.source)} To={_q(flow.target)}>"
        + ('<Condition Type="OTHERWISE" />' if flow.id in defaults else f"<Condition>{_expression(flow)}</Condition>")
        + f"{_bends(flow)}</Transition>"
        for flow in body.flows
    )
    nodes = "".join(_xpdl_node(node, attributes) for node in body.nodes)
    return f"<Activities>{nodes}</Activities><Transitions>{transitions}</Transitions>"


def _expression(flow: DrawnFlow) -> str:
    return f"<Expression>{escape(flow.condition)}</Expression>" if flow.condition else ""


def _xpdl_node(node: DrawnNode, attributes: bool) -> str:
    said = "".join(f'<ExtendedAttribute Name="{name}" Value={_q(each)} />' for name, each in node.attributes.items())
    undoes = ' IsForCompensation="true"' if node.for_compensation else ""
    graphics = drawn_at(node.box, f" LaneId={_q(f'lane-{node.lane}')}" if node.lane else "")
    return (
        f"<Activity Id={_q(node.id)} Name={_q(node.name)}{undoes}><Description />{_xpdl_kind(node)}{_loop(node)}"
        f"{graphics if node.lane or node.box else ''}<ExtendedAttributes>{said if attributes else ''}"
        "</ExtendedAttributes></Activity>"
    )


def _xpdl_kind(node: DrawnNode) -> str:
    message = f"<TriggerResultMessage><Message Name={_q(node.reference)} /></TriggerResultMessage>"
    if node.kind in _XPDL_TASKS:
        tag, script = _XPDL_TASKS[node.kind], f"<Script>{escape(node.detail)}</Script>" if node.detail else ""
        inner = f"<Message Name={_q(node.reference)} />" if node.kind == "receiveTask" and node.reference else script
        return f"<Implementation><Task><{tag}>{inner}</{tag}></Task></Implementation>"
    if node.kind == "task":
        return "<Implementation><Task /></Implementation>"
    if node.kind in _XPDL_ROUTES:
        return f"<Route{_XPDL_ROUTES[node.kind]} />"
    if node.kind in ("subProcess", "eventSubProcess"):
        shown = ' View="EXPANDED"' if node.expanded else ""
        return f"<BlockActivity ActivitySetId={_q(node.id)}{shown} />"
    if node.kind == "callActivity":
        return f"<Implementation><SubFlow Id={_q(node.detail)} /></Implementation>"
    trigger = node.trigger.capitalize() or "None"
    inner = f"<TriggerTimer TimeCycle={_q(node.detail)} />" if node.trigger == "timer" else ""
    named, rule = f" Name={_q(node.reference)}" if node.reference else "", escape(node.detail)
    inner += f"<TriggerResultSignal{named} />" if node.trigger == "signal" else ""
    if node.trigger == "compensation" and node.kind != "boundaryEvent":
        undone = f" ActivityId={_q(node.reference)}" if node.reference else ""
        inner += f"<TriggerResultCompensation{undone} />"
    inner += f"<TriggerResultLink{named} />" if node.trigger == "link" else ""
    condition = f"<TriggerConditional><Expression>{rule}</Expression></TriggerConditional>"
    inner += condition if node.trigger == "conditional" else ""
    inner += message if node.trigger == "message" and node.reference else ""
    inner += f"<ResultError ErrorCode={_q(node.reference)} />" if node.trigger == "error" else ""
    if node.kind == "startEvent":
        held = "" if node.interrupting else ' Interrupting="false"'
        return f'<Event><StartEvent Trigger="{trigger}"{held}>{inner}</StartEvent></Event>'
    if node.kind == "endEvent":
        return f'<Event><EndEvent Result="{trigger}">{inner}</EndEvent></Event>'
    more = f' Target={_q(node.attached_to)} IsAttached="true"' if node.attached_to else ""
    more += "" if node.interrupting else ' Interrupting="false"'
    more += ' CatchThrow="THROW"' if node.kind == "intermediateThrowEvent" else ""
    return f'<Event><IntermediateEvent Trigger="{trigger}"{more}>{inner}</IntermediateEvent></Event>'


def bpm(drawings: Sequence[Drawing]) -> bytes:
    """The drawings as Bizagi's own file: a `.diag` each, extended attributes apart, definitions under Documentation."""
    outer = io.BytesIO()
    names = sorted({name for one in drawings for each in one.processes for name in attribute_names(each.body)})
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry("ModelInfo.xml"), "<ModelInfo />")
        for name in names:
            content = (
                f'<ExtendedAttribute Id="attribute-{name}" Type="SingleText"><Name>{name}</Name></ExtendedAttribute>'
            )
            archive.writestr(_entry(f"Documentation/attribute-{name}.xml"), content)
        for position, drawing in enumerate(drawings):
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as diagram:
                diagram.writestr(_entry("Diagram.xml"), xpdl(drawing, attributes=False))
                values = "".join(_bpm_values(each.body) for each in drawing.processes)
                content = f"<DiagramAttributeValues>{values}</DiagramAttributeValues>"
                diagram.writestr(_entry("ExtendedAttributeValues.xml"), content)
            archive.writestr(_entry(f"diagram-{position}.diag"), inner.getvalue())
    return outer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """Always of the same day, so that the same drawing is the same file."""
    return zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))


def _bpm_values(body: Body) -> str:
    return "".join(
        f"<ElementAttributeValues ElementId={_q(node.id)}><Values>"
        + "".join(
            f'<ExtendedAttributeValue Id="attribute-{name}" Type="SingleText"><Content>{escape(value)}</Content>'
            "</ExtendedAttributeValue>"
            for name, value in node.attributes.items()
        )
        + f"</Values></ElementAttributeValues>{_bpm_values(node.body) if node.body else ''}"
        for node in body.nodes
    )
