"""The work of people until it is bound: tasks that nothing serves, and gateways without a written rule."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mtd.engine.messages.naming import plain, slug, unique
from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.drawing import DrawnFlow, DrawnNode, called, shown_name
from mtd.engine.model.plan import Choice, Flow, Node, NodeKind, TaskAssignment
from mtd.engine.rules.evaluator import RuleTree


@dataclass(slots=True)
class StandIns:
    """The people who stand in; `pool` is the group of what lies in no lane."""

    pool: str
    tasks: dict[str, list[Phrase]] = field(default_factory=dict)
    decisions: list[Phrase] = field(default_factory=list)
    own: dict[str, list[Phrase]] = field(default_factory=dict)
    """People's own tasks that name no group, by the group that their lane or pool gives them."""

    def group(self, node: DrawnNode) -> str:
        """The group of the node's lane, else of its pool."""
        return slug(node.lane) or slug(self.pool) or "people"

    def take(self, node: DrawnNode, group: str) -> None:
        """Note that a person of the group does the node's work."""
        self.tasks.setdefault(group, []).append(_quoted(node))

    def belong(self, node: DrawnNode, group: str) -> None:
        """Note that the node, which is a person's anyway, is of the group."""
        self.own.setdefault(group, []).append(_quoted(node))

    def notes(self) -> Iterator[Phrase]:
        """A phrase for each group that was found, with its own tasks."""
        for group, tasks in self.own.items():
            yield Phrase("group_does", group=group, tasks=tuple(dict.fromkeys(tasks)))

    def remarks(self) -> Iterator[Phrase]:
        """A phrase for each group with what it does, and for each gateway that a person answers."""
        for group, tasks in self.tasks.items():
            yield Phrase("people_do", group=group, tasks=tuple(dict.fromkeys(tasks)))
        yield from self.decisions


def _quoted(node: DrawnNode) -> Phrase:
    """The node by its name alone, in a row of others."""
    return Phrase("quoted", name=node.name) if node.name else called(node)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGateway:
    """A gateway with flows that no rule decides: `labels` are the flows' answers, None where a rule does decide."""

    node: DrawnNode
    labels: tuple[str | None, ...]

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(each for each in self.labels if each is not None)


def labels_of(flows: list[DrawnFlow], asked: list[bool], nodes: dict[str, DrawnNode]) -> tuple[str | None, ...]:
    """The choices of a person: the label of each flow, or its target; each is there once."""
    taken: dict[str, int] = {}
    return tuple(
        unique(flow.name or shown_name(nodes[flow.target]), taken) if ask else None
        for flow, ask in zip(flows, asked, strict=True)
    )


def rule_of(choice: str, option: str, several: bool) -> RuleTree:
    """Whether that option was chosen."""
    answer = ["field", ["name", "data"], choice]
    return ["in", ["value", option], answer] if several else ["==", answer, ["value", option]]


class Decisions:
    """Puts each open gateway's choice on the task before it, or puts a task in for it."""

    def __init__(self, nodes: dict[str, Node], taken: dict[str, int], people: StandIns) -> None:
        self._nodes = nodes
        self._taken = taken
        self._people = people

    def ask(self, gateway: OpenGateway, node_id: str, inside: frozenset[str]) -> None:
        """Somebody answers the gateway. `inside` are the ids of the nodes of its body."""
        node = self._nodes[node_id]
        choice = Choice(
            name=node_id,
            question=gateway.node.name or " / ".join(gateway.options),
            options=gateway.options,
            several=node.kind is NodeKind.INCLUSIVE,
        )
        before = [each for each in inside if any(flow.to == node_id for flow in self._nodes[each].flows)]
        if before and not node.incoming and all(map(self._can_ask, before)):
            for each in before:
                self._add(each, choice)
            tasks = tuple(Phrase("quoted", name=self._nodes[each].name) for each in sorted(before))
            self._people.decisions.append(Phrase("choice_on_task", node=called(gateway.node), tasks=tasks))
            return
        self._put_in(gateway, node_id, choice, before)

    def _can_ask(self, node_id: str) -> bool:
        node = self._nodes[node_id]
        return node.kind is NodeKind.PERSON and node.repeat is None and len(node.flows) == 1

    def _add(self, node_id: str, choice: Choice) -> None:
        node = self._nodes[node_id]
        work = node.work or TaskAssignment()
        made = f"{node_id}-choices"
        work = replace(
            work,
            form=made,
            extends=work.extends or (work.form if work.form != made else ""),
            choices=(*work.choices, choice),
        )
        self._nodes[node_id] = replace(node, work=work)

    def _put_in(self, gateway: OpenGateway, node_id: str, choice: Choice, before: list[str]) -> None:
        node, group = self._nodes[node_id], self._people.group(gateway.node)
        decision = unique(f"decide_{node_id}", self._taken)
        split = node_id
        if node.incoming:
            # It joins first: what it was waits, and a second gateway goes on from the decision.
            split = unique(f"{node_id}_split", self._taken)
            self._nodes[split] = replace(node, id=split, incoming=())
            self._nodes[node_id] = replace(node, flows=(Flow(to=decision, id=f"{decision}-in"),))
        else:
            for each in before:
                source = self._nodes[each]
                flows = tuple(replace(flow, to=decision) if flow.to == node_id else flow for flow in source.flows)
                self._nodes[each] = replace(source, flows=flows)
        self._nodes[decision] = Node(
            id=decision,
            name=choice.question,
            kind=NodeKind.PERSON,
            element=node.element,
            scope=node.scope,
            flows=(Flow(to=split, id=f"{decision}-out"),),
            work=TaskAssignment(group=group, form=f"{decision}-choices", choices=(choice,)),
        )
        self._people.decisions.append(Phrase("decision_task", node=called(gateway.node), group=group))


def is_answer(label: str, words: frozenset[str]) -> bool:
    """Whether the label is one of the words, or begins with one: 'Si, monto exacto'."""
    first = plain(label).replace(",", " ").replace(".", " ").replace(":", " ").replace(";", " ").split(" ", 1)[0]
    return first in words
