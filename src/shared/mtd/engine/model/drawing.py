"""A drawn diagram, whichever file it came from: what the readers give and what is normalised, bound and compiled.

`kind` is BPMN's own element name (`userTask`, `exclusiveGateway`, …), `trigger` the kind of an event's definition
(`timer`, `message`, `error`, …; empty on a plain event). Both readers speak this vocabulary.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.geometry import Box, Point

MOST_NODES = 5_000
"""A process with more nodes, called processes and all, is refused."""
DEEPEST = 30
"""How deep sub-processes and called processes may lie in each other."""

TASKS = frozenset(
    {"task", "serviceTask", "sendTask", "receiveTask", "userTask", "manualTask", "scriptTask", "businessRuleTask"}
)
ACTIVITIES = TASKS | {"subProcess", "callActivity"}
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
SPLITS = frozenset({"exclusiveGateway", "inclusiveGateway"})
"""Gateways whose outgoing flows carry rules."""

_CODES = {
    "startEvent": "start_event",
    "endEvent": "end_event",
    "intermediateCatchEvent": "event",
    "intermediateThrowEvent": "event",
    "boundaryEvent": "boundary_event",
    "subProcess": "sub_process",
    "callActivity": "call_activity",
    "exclusiveGateway": "exclusive_gateway",
    "parallelGateway": "parallel_gateway",
    "inclusiveGateway": "inclusive_gateway",
    "eventBasedGateway": "event_based_gateway",
    "serviceTask": "service_task",
    "sendTask": "send_task",
    "receiveTask": "receive_task",
    "userTask": "user_task",
    "manualTask": "manual_task",
    "scriptTask": "script_task",
    "businessRuleTask": "business_rule_task",
}


_UNNAMED = {"Gateway": "gateway", "Event": "event", "ubProcess": "sub_process"}

KINDS = frozenset(_CODES) | TASKS
"""BPMN's own names of the nodes that run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMultiInstance:
    """A multi-instance marker. `collection` is what the diagram says of it, often nothing; `until` ends it early."""

    sequential: bool = False
    collection: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLoop:
    """A standard loop: again while the condition holds, asked `before` each turn or after it; `most` turns, 0 any."""

    condition: str = ""
    before: bool = False
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFlow:
    """A sequence flow with its label and condition as drawn. `bends` are its points, the ends included."""

    id: str
    name: str
    source: str
    target: str
    condition: str = ""
    bends: tuple[Point, ...] = field(default=(), compare=False)
    label: Box | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnNode:
    """A node. `detail` is a timer's time, a script, or a called process; `reference` a message's name or error code.

    `box` and `label` say where the file draws it and its text, if it does; `expanded` that a sub-process shows what is
    in it. `after` and `before` are the names of its neighbours, where it has none itself.
    """

    id: str
    name: str
    kind: str
    trigger: str = ""
    detail: str = ""
    reference: str = ""
    attached_to: str = ""
    interrupting: bool = True
    default: str = ""
    many: DrawnMultiInstance | None = None
    loop: DrawnLoop | None = None
    lane: str = ""
    documentation: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    body: "Body | None" = None
    for_compensation: bool = False
    box: Box | None = field(default=None, compare=False)
    label: Box | None = field(default=None, compare=False)
    expanded: bool = field(default=False, compare=False)
    after: str = field(default="", compare=False)
    before: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The contents of a process or an embedded sub-process, in the order of the file."""

    nodes: tuple[DrawnNode, ...] = ()
    flows: tuple[DrawnFlow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLane:
    """A lane with a name, and where it is drawn, if it is."""

    name: str
    box: Box | None = None


class ArtifactKind(StrEnum):
    """The kinds of elements that are drawn and do not run."""

    ANNOTATION = "annotation"
    GROUP = "group"
    DATA_OBJECT = "data_object"
    DATA_STORE = "data_store"
    POOL = "pool"
    """Somebody else, with whom the process exchanges messages."""


class ConnectionKind(StrEnum):
    """The kinds of lines that no token goes along."""

    ASSOCIATION = "association"
    MESSAGE_FLOW = "message_flow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An element of the picture that does not run. `name` is an annotation's text."""

    id: str
    kind: ArtifactKind
    name: str
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A line between artifacts and nodes; `bends` are empty where they are not drawn."""

    id: str
    kind: ConnectionKind
    source: str
    target: str
    bends: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The parts of a file's picture around a process. `pool` is the id of the process's own pool."""

    artifacts: tuple[Artifact, ...] = ()
    connections: tuple[Connection, ...] = ()
    pool: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnProcess:
    """A pool's process. `executable` is None where the file does not say; `pool` is its box where one is seen. `drawn`
    is what the file shows, where what runs is written out otherwise; `around` is drawn beside it."""

    id: str
    name: str
    body: Body
    executable: bool | None = None
    documentation: str = ""
    pool: Box | None = field(default=None, compare=False)
    lanes: tuple[DrawnLane, ...] = field(default=(), compare=False)
    drawn: Body | None = field(default=None, compare=False)
    around: Surroundings = field(default_factory=Surroundings, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One diagram. `remarks` are what the reader itself had to put right; `pictured` says that the file can be shown as
    it is: BPMN with a shape for what is in it."""

    name: str
    processes: tuple[DrawnProcess, ...]
    remarks: tuple[Phrase, ...] = ()
    pictured: bool = False


def called(node: DrawnNode) -> Phrase:
    """The node as an analyst finds it in the picture: its kind and its name, or its neighbour's, or else its id."""
    if not node.name and (node.after or node.before):
        kind = "unnamed_kind_" + next((each for end, each in _UNNAMED.items() if node.kind.endswith(end)), "task")
        if node.after:
            return Phrase("unnamed_after", kind=Phrase(kind), name=node.after)
        return Phrase("unnamed_before", kind=Phrase(kind), name=node.before)
    return Phrase(_CODES.get(node.kind, "task"), name=node.name or node.id)


def shown_name(node: DrawnNode) -> str:
    """The node's name in lists: its own, or the nodes that it stands between, or its id."""
    if node.name:
        return node.name
    return f"{node.after} →" if node.after else f"→ {node.before}" if node.before else node.id


def called_flow(flow: DrawnFlow, nodes: dict[str, DrawnNode]) -> Phrase:
    """The flow by its label and its ends."""
    source, target = (shown_name(nodes[each]) if each in nodes else each for each in (flow.source, flow.target))
    if flow.name:
        return Phrase("flow", name=flow.name, source=source, target=target)
    return Phrase("unnamed_flow", source=source, target=target)


def count(body: Body) -> tuple[int, int]:
    """How many nodes and flows there are, sub-processes included."""
    inner = [count(node.body) for node in body.nodes if node.body]
    return len(body.nodes) + sum(each[0] for each in inner), len(body.flows) + sum(each[1] for each in inner)
