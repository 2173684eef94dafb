"""Which rule each outgoing flow of a node carries."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.binding import Binder, FactTypes
from mtd.engine.messages.naming import plain
from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.drawing import SPLITS, DrawnFlow, DrawnNode, called, called_flow
from mtd.engine.readers.normalising import OTHERWISE
from mtd.engine.rules import parser, types
from mtd.engine.rules.evaluator import RuleTree

_YES = frozenset({"si", "s", "yes", "y", "true", "verdadero"})
_NO = frozenset({"no", "n", "false", "falso"})
_NEVER: RuleTree = ["value", False]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRule:
    """A flow's rule; neither rule nor default on a flow that is always taken."""

    when: RuleTree | None = None
    default: bool = False


def rules_of(
    node: DrawnNode, flows: Sequence[DrawnFlow], nodes: dict[str, DrawnNode], binder: Binder, names: FactTypes
) -> list[FlowRule]:
    """The rules of the node's outgoing flows, in their order. What nothing binds is named in the binder."""
    if node.kind in ("parallelGateway", "eventBasedGateway") or (node.kind in SPLITS and len(flows) < 2):
        return [FlowRule() for _ in flows]
    if node.kind not in SPLITS:
        return [_of_activity(node, flow, nodes, binder, names) for flow in flows]
    asked = binder.question(node)
    question = binder.rule(asked, names, called(node)) if asked else None
    if not asked and any(plain(flow.name) in _YES | _NO and not _said(flow, nodes, binder) for flow in flows):
        binder.unbound.append(Phrase("no_question", node=called(node)))
    return [_of_gateway(node, flow, nodes, binder, names, question) for flow in flows]


def _of_activity(
    node: DrawnNode, flow: DrawnFlow, nodes: dict[str, DrawnNode], binder: Binder, names: FactTypes
) -> FlowRule:
    if flow.id == node.default:
        return FlowRule(default=True)
    text = _said(flow, nodes, binder) or flow.condition
    return FlowRule(when=binder.rule(text, names, called_flow(flow, nodes)) or _NEVER) if text else FlowRule()


def _of_gateway(
    node: DrawnNode,
    flow: DrawnFlow,
    nodes: dict[str, DrawnNode],
    binder: Binder,
    names: FactTypes,
    question: RuleTree | None,
) -> FlowRule:
    said = _said(flow, nodes, binder)
    if said is not None and plain(said) in OTHERWISE:
        return FlowRule(default=True)
    if said is None and flow.id == node.default:
        return FlowRule(default=True)
    text, answer = said or flow.condition, plain(flow.name)
    if text:
        return FlowRule(when=binder.rule(text, names, called_flow(flow, nodes)) or _NEVER)
    if answer in _YES | _NO:
        if question is None:
            return FlowRule(when=_NEVER)
        return FlowRule(when=question if answer in _YES else ["not", question])
    own = _own_rule(flow.name, names)
    if own is None:
        binder.unbound.append(Phrase("no_rule", flow=called_flow(flow, nodes)))
        return FlowRule(when=_NEVER)
    binder.notes.append(Phrase("name_is_rule", flow=called_flow(flow, nodes)))
    return FlowRule(when=own)


def _said(flow: DrawnFlow, nodes: dict[str, DrawnNode], binder: Binder) -> str | None:
    ends = [nodes[each].name if each in nodes else "" for each in (flow.source, flow.target)]
    # A label may be used twice in a diagram: the longer names, which say where, count first.
    found: str | None = binder.said("flows", f"{ends[0]} -> {ends[1]}", f"{ends[0]} / {flow.name}", flow.name)
    return found


def _own_rule(name: str, names: FactTypes) -> RuleTree | None:
    """The flow's name as a rule, where it is one: 'order.payable > 1000000'."""
    try:
        tree = parser.parse(name)
        return tree if types.check(tree, names) == "bool" else None
    except ProcessError:
        return None
