"""The rule of each outgoing flow of a node."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.binding import Binder
from mtd.engine.compiler.calls import FactTypes
from mtd.engine.compiler.walkthrough import is_answer
from mtd.engine.messages.naming import plain
from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.drawing import SPLITS, DrawnFlow, DrawnNode, called, called_flow
from mtd.engine.readers.normalising import OTHERWISE
from mtd.engine.rules import parser, types
from mtd.engine.rules.evaluator import RuleTree

_YES = frozenset({"si", "s", "sim", "yes", "y", "true", "verdadero", "verdadeiro"})
_NO = frozenset({"no", "n", "nao", "false", "falso"})
_NEVER: RuleTree = ["value", False]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRule:
    """A flow's rule; neither rule nor default on a flow that is always taken, or that is `open`: a person decides."""

    when: RuleTree | None = None
    default: bool = False
    open: bool = False


def rules_of(
    node: DrawnNode, flows: Sequence[DrawnFlow], nodes: dict[str, DrawnNode], binder: Binder, names: FactTypes
) -> list[FlowRule]:
    """The rules of the node's outgoing flows, in their order."""
    if node.kind in ("parallelGateway", "eventBasedGateway") or (node.kind in SPLITS and len(flows) < 2):
        return [FlowRule() for _ in flows]
    if node.kind not in SPLITS:
        return [_of_activity(node, flow, nodes, binder, names) for flow in flows]
    asked = binder.question(node)
    question = (binder.rule(asked, names, called(node)) or _NEVER) if asked else None
    rules = [_of_gateway(node, flow, nodes, binder, names, question) for flow in flows]
    undecided = [position for position, rule in enumerate(rules) if rule.open]
    if len(undecided) == 1 and not any(rule.default for rule in rules):
        rules[undecided[0]] = FlowRule(default=True)
        flow = called_flow(flows[undecided[0]], nodes)
        binder.notes.append(Phrase("no_default_flow", node=called(node), flow=flow))
    return rules


def _of_activity(
    node: DrawnNode, flow: DrawnFlow, nodes: dict[str, DrawnNode], binder: Binder, names: FactTypes
) -> FlowRule:
    if flow.id == node.default:
        return FlowRule(default=True)
    if said := _said(flow, nodes, binder):
        return FlowRule(when=binder.rule(said, names, called_flow(flow, nodes)) or _NEVER)
    return FlowRule(when=_drawn_rule(flow, nodes, binder, names)) if flow.condition else FlowRule()


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
    if said:
        return FlowRule(when=binder.rule(said, names, called_flow(flow, nodes)) or _NEVER)
    if said is None and flow.id == node.default:
        return FlowRule(default=True)
    if flow.condition and (drawn := _drawn_rule(flow, nodes, binder, names)) is not None:
        return FlowRule(when=drawn)
    if question is not None and is_answer(flow.name, _YES | _NO):
        return FlowRule(when=question if is_answer(flow.name, _YES) else ["not", question])
    own = _own_rule(flow.name, names)
    if own is None:
        return FlowRule(open=True)
    binder.notes.append(Phrase("name_is_rule", flow=called_flow(flow, nodes)))
    return FlowRule(when=own)


def _drawn_rule(flow: DrawnFlow, nodes: dict[str, DrawnNode], binder: Binder, names: FactTypes) -> RuleTree | None:
    """The drawn condition; a sentence in its place, or what asks for no fact at all, is told, and decides nothing."""
    where = called_flow(flow, nodes)
    try:
        tree = parser.parse(flow.condition)
        asked = types.asked(tree)
        sound = asked <= names.keys() and (bool(asked) or types.check(tree, names) == "bool")
    except ProcessError:
        sound = False
    if not sound:
        binder.notes.append(Phrase("condition_is_no_rule", flow=where, text=flow.condition[:60]))
        return None
    return binder.rule(flow.condition, names, where) or _NEVER


def _said(flow: DrawnFlow, nodes: dict[str, DrawnNode], binder: Binder) -> str | None:
    ends = [nodes[each].name if each in nodes else "" for each in (flow.source, flow.target)]
    # A label may be used twice in a diagram: the longer names, which say where, count first.
    found: str | None = binder.said("flows", flow.id, f"{ends[0]} -> {ends[1]}", f"{ends[0]} / {flow.name}", flow.name)
    return found


def _own_rule(name: str, names: FactTypes) -> RuleTree | None:
    """The flow's name as a rule, where it is one: 'order.payable > 1000000'."""
    try:
        tree = parser.parse(name)
        return tree if types.check(tree, names) == "bool" else None
    except ProcessError:
        return None
