"""A plan: a process compiled to what the interpreter needs. Immutable, versioned, JSON in PostgreSQL."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

type Json = dict[str, Any]


class Kind(StrEnum):
    """The kinds of node that run today."""

    START = "start"
    END = "end"
    SERVICE = "service"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sequence flow. `when` is the value the gateway's fact must have; None on an unconditional or default flow."""

    to: str
    when: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A flow node.

    `id` is the name's slug: the state's name in tables, routes and answers. `element` is the BPMN element's id, so
    that a diagram can show where tokens are. `binding` says who serves a service task: `api:/path` or
    `state_machine:name`. `on_error` is where the boundary error event leads. `fact` is what a gateway asks.
    """

    id: str
    name: str
    kind: Kind
    element: str
    flows: tuple[Flow, ...] = ()
    binding: str | None = None
    on_error: str | None = None
    fact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A compiled process."""

    process: str
    name: str
    start: str
    nodes: dict[str, Node]


def to_json(plan: Plan) -> Json:
    """The plan as JSON types."""
    return {
        "process": plan.process,
        "name": plan.name,
        "start": plan.start,
        "nodes": [
            {
                "id": node.id,
                "name": node.name,
                "kind": node.kind.value,
                "element": node.element,
                "flows": [{"to": flow.to, "when": flow.when} for flow in node.flows],
                "binding": node.binding,
                "on_error": node.on_error,
                "fact": node.fact,
            }
            for node in plan.nodes.values()
        ],
    }


def from_json(document: Json) -> Plan:
    """The inverse of `to_json`."""
    nodes = (
        Node(
            **{
                **node,
                "kind": Kind(node["kind"]),
                "flows": tuple(Flow(**flow) for flow in node["flows"]),
            }
        )
        for node in document["nodes"]
    )
    return Plan(
        process=document["process"],
        name=document["name"],
        start=document["start"],
        nodes={node.id: node for node in nodes},
    )
