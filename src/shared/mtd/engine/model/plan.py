"""A plan: a process compiled to what the interpreter needs. Immutable, versioned, JSON in PostgreSQL."""

from dataclasses import dataclass, field
from enum import StrEnum

from mtd.engine.rules.evaluator import RuleTree

CANCELLATION = "cancellation"
"""A place outside of any plan, whose name no node gets: an order at any step of any process may be cancelled."""


class NodeKind(StrEnum):
    """The kinds of node that run."""

    START = "start"
    PASS = "pass"
    """An event without trigger, or a script that has nothing to do: the token goes on."""
    END = "end"
    TERMINATE = "terminate"
    ERROR_END = "error_end"
    ESCALATION = "escalation"
    """An event, intermediate or end, that throws an escalation to the sub-process around it."""
    EXCLUSIVE = "exclusive"
    PARALLEL = "parallel"
    INCLUSIVE = "inclusive"
    EVENT_BASED = "event_based"
    SERVICE = "service"
    """A service, send or business rule task: a Lambda or a state machine does it."""
    PERSON = "person"
    """A user or manual task."""
    SCRIPT = "script"
    """A script or business rule task whose rules the interpreter evaluates."""
    MESSAGE = "message"
    """A receive task or an event that waits for a message."""
    SIGNAL = "signal"
    """An event that waits for a signal."""
    SIGNAL_THROW = "signal_throw"
    """An event that throws a signal to all that wait for it."""
    CONDITION = "condition"
    """An event that waits until its rule holds."""
    COMPENSATE = "compensate"
    """An event that has what is done in its scope undone, or the activity `code`."""
    TIMER = "timer"
    SUB_PROCESS = "sub_process"
    """An embedded sub-process, or a called process, which the plan holds in full."""
    BOUNDARY = "boundary"


class EventType(StrEnum):
    """The trigger of a boundary event or of a process."""

    ERROR = "error"
    TIMER = "timer"
    MESSAGE = "message"
    ESCALATION = "escalation"
    SIGNAL = "signal"
    CONDITIONAL = "conditional"
    COMPENSATION = "compensation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sequence flow; `id` is the drawn one's. `when` is its rule; None on an unconditional or default flow."""

    to: str
    id: str = ""
    when: RuleTree | None = None
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A question that a person answers where no rule decides: `name` is the answer's name in the case's data."""

    name: str
    question: str
    options: tuple[str, ...]
    several: bool = False
    """The answer is a list of options: an inclusive gateway goes on by all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssignment:
    """The fields and people of a person's task. `due` and `follow_up` are timers' texts; `form` names a JSON Schema.

    `choices` are asked besides: the form of that name is then made of them, and of the form that it `extends`.
    """

    group: str = ""
    form: str = ""
    due: str = ""
    follow_up: str = ""
    priority: str = ""
    candidate: str = ""
    extends: str = ""
    choices: tuple[Choice, ...] = ()


INSTANCE_COUNTS = ("numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances")
"""What a multi-instance activity's completion condition may ask: BPMN 2.0.2, table 10.30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiInstance:
    """A multi-instance activity: once for each element of a list of the order, which rules inside call `name`.

    `until` ends it early: it is asked after each instance, and may ask the counts of INSTANCE_COUNTS. `collect` says
    that values which an instance leaves stay its own, and come back as lists in the order of the elements; in plans of
    earlier releases the last one to answer overwrites the others.
    """

    collection: RuleTree
    name: str
    sequential: bool = False
    until: RuleTree | None = None
    collect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCase:
    """An answer that refuses the order: by its HTTP `status`, such as `409` or `4xx`, or by a rule over the answer.

    `code` is the error that the task's boundary event catches.
    """

    code: str
    status: str = ""
    when: RuleTree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCall:
    """The request of a service task to a connected system, and the values that it keeps of the answer."""

    send: RuleTree
    """A rule that gives an object."""
    result: tuple[tuple[str, RuleTree], ...] = ()
    """Names of the case's data, each with a rule that may ask `answer` and `status`, too."""
    errors: tuple[ErrorCase, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A flow node.

    `id` is the name's slug: the state's name in tables, routes and answers. `element` is the drawn element's id, so
    that a diagram can show where tokens are. `scope` is the sub-process it lies in, None at the top. `binding` says who
    serves a service task: `api:/path`, `system:name/operation`, `lambda:name` or `state_machine:name`; `call` is what a
    system is sent. `boundaries` are the boundary events on an activity, `on_error` the first of them that catches an
    error. `attached_to` is a boundary event's activity, `code` the error, message or signal it is for. `time` is a
    timer's text (see `timers`), `when` the rule of a condition. `first` is where a sub-process begins. `joins` says
    that the node waits for several incoming flows: `incoming` lists them. `sets` are a script's names and rules.
    `compensation` is the activity that undoes this one.
    """

    id: str
    name: str
    kind: NodeKind
    element: str
    scope: str | None = None
    flows: tuple[Flow, ...] = ()
    binding: str | None = None
    retries: int | None = None
    sla: str | None = None
    boundaries: tuple[str, ...] = ()
    on_error: str | None = None
    attached_to: str | None = None
    trigger: EventType | None = None
    interrupting: bool = True
    code: str | None = None
    time: str | None = None
    when: RuleTree | None = None
    first: str | None = None
    incoming: tuple[str, ...] = ()
    sets: tuple[tuple[str, RuleTree], ...] = ()
    work: TaskAssignment | None = None
    repeat: MultiInstance | None = None
    compensation: str | None = None
    call: ServerCall | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A compiled process. `reach` is worked out from it when an inclusive join first needs it.

    An order begins at `start`, or at another of the `starts`, all of its start events, where it names one.
    """

    process: str
    name: str
    start: str
    nodes: dict[str, Node]
    starts: tuple[str, ...] = ()
    conditions: bool = field(init=False, compare=False, repr=False)
    """Whether anything waits for a rule to hold."""
    joins: bool = field(init=False, compare=False, repr=False)
    """Whether an inclusive gateway joins anything."""
    compensates: bool = field(init=False, compare=False, repr=False)
    """Whether anything in it can be undone."""
    reach: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        nodes = self.nodes.values()
        object.__setattr__(self, "conditions", any(node.when is not None for node in nodes))
        joins = any(node.kind is NodeKind.INCLUSIVE and node.incoming for node in nodes)
        object.__setattr__(self, "joins", joins)
        object.__setattr__(self, "compensates", any(node.compensation is not None for node in nodes))
