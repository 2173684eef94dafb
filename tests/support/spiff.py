"""A plan run by SpiffWorkflow: the oracle that the interpreter is compared with.

Each plan is written as BPMN that SpiffWorkflow executes. Nodes that wait for a person, a server or a time wait for
this driver there: tasks are manual, and times, messages, signals and a task's errors are messages named after their
node.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr as _q

from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.util.task import TaskState

from mtd.engine.model.plan import EventType, Node, NodeKind, Plan

_TAGS = {
    NodeKind.START: "startEvent",
    NodeKind.PASS: "intermediateThrowEvent",
    NodeKind.END: "endEvent",
    NodeKind.TERMINATE: "endEvent",
    NodeKind.ERROR_END: "endEvent",
    NodeKind.EXCLUSIVE: "exclusiveGateway",
    NodeKind.PARALLEL: "parallelGateway",
    NodeKind.INCLUSIVE: "inclusiveGateway",
    NodeKind.EVENT_BASED: "eventBasedGateway",
    NodeKind.SERVICE: "userTask",
    NodeKind.PERSON: "userTask",
    NodeKind.SCRIPT: "scriptTask",
    NodeKind.MESSAGE: "intermediateCatchEvent",
    NodeKind.SIGNAL: "intermediateCatchEvent",
    NodeKind.TIMER: "intermediateCatchEvent",
    NodeKind.SUB_PROCESS: "subProcess",
    NodeKind.BOUNDARY: "boundaryEvent",
}
_SPLITS = (NodeKind.EXCLUSIVE, NodeKind.PARALLEL, NodeKind.INCLUSIVE, NodeKind.EVENT_BASED)
_NAMESPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL"


class Oracle:
    """One case in SpiffWorkflow. `rules` are the names that the plan's rules ask, with their answers."""

    def __init__(self, plan: Plan, rules: Mapping[str, bool]) -> None:
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(_document(plan)))
        self._workflow = BpmnWorkflow(parser.get_spec("main"), parser.get_subprocess_specs("main"))
        self._workflow.task_tree.data = dict(rules)
        self._workflow.do_engine_steps()

    @property
    def works(self) -> Counter[str]:
        """Nodes whose task waits to be done."""
        return Counter(task.task_spec.bpmn_id for task in self._ready())

    @property
    def listens(self) -> Counter[str]:
        """Nodes whose time or message is waited for."""
        return Counter(
            definition.name.removeprefix("m-")
            for task in self._workflow.get_tasks(state=TaskState.WAITING)
            if (found := getattr(task.task_spec, "event_definition", None)) is not None
            for definition in (found.event_definitions if isinstance(found, MultipleEventDefinition) else [found])
            if isinstance(definition, MessageEventDefinition)
        )

    @property
    def ended(self) -> bool:
        return bool(self._workflow.completed)

    def do(self, node: str) -> None:
        """The work of the node is done."""
        next(task for task in self._ready() if task.task_spec.bpmn_id == node).run()
        self._workflow.do_engine_steps()

    def happen(self, node: str) -> None:
        """The time, message or error of the node comes."""
        self._workflow.catch(BpmnEvent(MessageEventDefinition(f"m-{node}"), {}))
        self._workflow.do_engine_steps()

    def _ready(self) -> list[Any]:
        return [task for task in self._workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]


def _document(plan: Plan) -> bytes:
    messages = "".join(f"<message id={_q(f'm-{each}')} name={_q(f'm-{each}')} />" for each in plan.nodes)
    codes = sorted({node.code for node in plan.nodes.values() if node.code})
    errors = "".join(f"<error id={_q(f'e-{each}')} name={_q(each)} errorCode={_q(each)} />" for each in codes)
    body = "".join(_scope(plan, None))
    return (
        f'<definitions xmlns="{_NAMESPACE}" id="d" targetNamespace="t">{messages}{errors}'
        f'<process id="main" isExecutable="true">{body}</process></definitions>'
    ).encode()


def _scope(plan: Plan, scope: str | None) -> Iterator[str]:
    for node in plan.nodes.values():
        if node.scope == scope:
            yield _node(plan, node)
            source = node.id
            if not node.flows and node.kind is NodeKind.SUB_PROCESS:
                # SpiffWorkflow wants the end drawn that an event sub-process, written out, has not.
                yield f"<endEvent id={_q(f'{source}-end')} /><sequenceFlow id={_q(f'{source}-flow')}"
                yield f" sourceRef={_q(source)} targetRef={_q(f'{source}-end')} />"
            if len(node.flows) > 1 and node.kind not in _SPLITS:
                # SpiffWorkflow wants the split drawn that BPMN lets every activity do.
                source = f"{node.id}-split"
                yield f"<parallelGateway id={_q(source)} /><sequenceFlow id={_q(f'{source}-flow')}"
                yield f" sourceRef={_q(node.id)} targetRef={_q(source)} />"
            for flow in node.flows:
                yield f"<sequenceFlow id={_q(flow.id)} sourceRef={_q(source)} targetRef={_q(flow.to)}>"
                yield f"<conditionExpression>{_python(flow.when)}</conditionExpression>" if flow.when else ""
                yield "</sequenceFlow>"


def _python(rule: Any) -> str:
    """The rules of a plan under test are names, perhaps negated."""
    return f"not {rule[1][1]}" if rule[0] == "not" else str(rule[1])


def _node(plan: Plan, node: Node) -> str:
    said = f"id={_q(node.id)} name={_q(node.id)}"
    if default := next((flow.id for flow in node.flows if flow.default), None):
        said += f" default={_q(default)}"
    if node.kind is NodeKind.BOUNDARY:
        assert node.attached_to is not None
        said += f" attachedToRef={_q(node.attached_to)} cancelActivity={_q(str(node.interrupting).lower())}"
    inner = ""
    if node.kind is NodeKind.SUB_PROCESS:
        inner += "".join(_scope(plan, node.id))
    if node.kind is NodeKind.SCRIPT:
        inner += "<script>pass</script>"
    if node.repeat:
        inner += (
            f'<multiInstanceLoopCharacteristics isSequential="{str(node.repeat.sequential).lower()}">'
            f"<loopCardinality>{len(node.repeat.collection) - 1}</loopCardinality></multiInstanceLoopCharacteristics>"
        )
    return f"<{_TAGS[node.kind]} {said}>{inner}{_definition(plan, node)}</{_TAGS[node.kind]}>"


def _definition(plan: Plan, node: Node) -> str:
    if node.kind is NodeKind.TERMINATE:
        return "<terminateEventDefinition />"
    thrown = (
        node.trigger is EventType.ERROR
        and node.attached_to
        and plan.nodes[node.attached_to].kind is NodeKind.SUB_PROCESS
    )
    if node.kind is NodeKind.ERROR_END or thrown:
        reference = f" errorRef={_q(f'e-{node.code}')}" if node.code else ""
        return f"<errorEventDefinition{reference} />"
    if node.kind in (NodeKind.MESSAGE, NodeKind.SIGNAL, NodeKind.TIMER, NodeKind.BOUNDARY):
        return f"<messageEventDefinition messageRef={_q(f'm-{node.id}')} />"
    return ""
