"""Tasks that a connected system serves: what is sent, what is kept of the answer, and which answers refuse the order.

All of it is checked against what the system declares, so that a misspelt name is found at import and not by an order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from mtd.domain.systems.system import System, SystemOperation
from mtd.engine.messages.naming import slug
from mtd.engine.messages.phrases import Phrase
from mtd.engine.model.plan import ErrorCase, EventType, Node, NodeKind, ServerCall
from mtd.engine.readers.sheet import CALL_WORDS
from mtd.engine.rules import types
from mtd.engine.rules.evaluator import RuleTree
from mtd.engine.rules.schemas import fits, type_of
from mtd.engine.rules.types import RuleType

type Systems = Mapping[str, System]
"""The declared systems by their names."""

type FactTypes = Mapping[str, RuleType]

_SERVER = re.compile(r"system:([a-z][a-z0-9_-]{0,39})/([\w-]+(?:/[\w-]+)*)", re.ASCII)
_STATUS = re.compile(r"[1-5](?:\d\d|xx)", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_OPEN = SystemOperation(name="")


class RuleChecker(Protocol):
    """The binder of the process. Its `unbound` collects the faults."""

    unbound: list[Phrase]
    #: None where the declarations are not at hand.
    systems: Systems | None

    def rule(self, text: str, names: FactTypes, where: Phrase, wanted: RuleType | None = "bool") -> RuleTree | None: ...


def call_fields(
    binder: RuleChecker, server: str, entry: Mapping[str, Any], names: FactTypes, where: Phrase
) -> dict[str, Any]:
    """The fields `binding` and `call` of the task's node; what is wrong goes to the binder's `unbound`."""
    operation = _operation(binder, server, where)
    if operation is None:
        return {"binding": None}
    answered = {**names, "answer": type_of(operation.answer), "status": "number"}
    call = ServerCall(
        send=_send(binder, entry.get("send") or {}, operation, names, where),
        result=_result(binder, entry.get("result") or {}, answered, where),
        errors=_errors(binder, entry.get("errors") or {}, answered, where),
    )
    later = slug(entry.get("later") or "")
    declared = (binder.systems or {}).get(server.partition(":")[2].partition("/")[0])
    if declared is not None and declared.queue and not later:
        binder.unbound.append(Phrase("queue_without_answer", node=where, system=declared.name))
    if "wait" in entry and not later:
        binder.unbound.append(Phrase("wait_for_nothing", node=where))
    return {"binding": server, "call": call} | ({"code": later} if later else {})


def late_event(host: Node, wait: str, way: Node, event_id: str, flow_ids: Sequence[str]) -> Node:
    """The boundary timer that ends the wait for an answer that is told later; it takes the error way of the task."""
    flows = tuple(replace(flow, id=flow_id) for flow, flow_id in zip(way.flows, flow_ids, strict=True))
    return Node(
        id=event_id,
        name=host.name,
        kind=NodeKind.BOUNDARY,
        element="",
        scope=host.scope,
        flows=flows,
        attached_to=host.id,
        trigger=EventType.TIMER,
        time=wait,
    )


def refuse_words(binder: RuleChecker, entry: Mapping[str, Any], where: Phrase) -> None:
    """Tell of words that only a system's task may have."""
    for word in CALL_WORDS:
        if word in entry:
            binder.unbound.append(Phrase("call_word_alone", node=where, word=word))


def _operation(binder: RuleChecker, server: str, where: Phrase) -> SystemOperation | None:
    """The declared operation; one that takes anything where the declarations are not at hand."""
    found = _SERVER.fullmatch(server)
    if found is None:
        binder.unbound.append(Phrase("strange_system", node=where, text=server))
        return None
    if binder.systems is None:
        return _OPEN
    system = binder.systems.get(found[1])
    if system is None:
        known = ", ".join(sorted(binder.systems)) or "-"
        binder.unbound.append(Phrase("system_unknown", node=where, system=found[1], known=known))
        return None
    try:
        return system.operation(found[2])
    except KeyError:
        known = ", ".join(sorted(system.operations))
        phrase = Phrase("operation_unknown", node=where, system=found[1], operation=found[2], known=known)
        binder.unbound.append(phrase)
        return None


def _send(
    binder: RuleChecker, said: Mapping[str, Any], operation: SystemOperation, names: FactTypes, where: Phrase
) -> RuleTree:
    tree = _object(binder, said, names, where, "send")
    if operation.request is None:
        return tree
    wanted, given = type_of(operation.request), types.check(tree, names)
    for name in operation.request.get("required") or ():
        if name not in said:
            binder.unbound.append(Phrase("send_lacks", node=where, name=str(name), operation=operation.name))
    if isinstance(wanted, dict):
        for name, found in given.items():
            _check_sent(binder, operation, str(name), found, wanted, where)
    return tree


def _check_sent(
    binder: RuleChecker,
    operation: SystemOperation,
    name: str,
    found: RuleType,
    wanted: dict[str, RuleType],
    where: Phrase,
) -> None:
    if name not in wanted:
        known = ", ".join(sorted(wanted))
        phrase = Phrase("send_unknown", node=where, name=name, operation=operation.name, known=known)
        binder.unbound.append(phrase)
    elif not fits(found, wanted[name]):
        binder.unbound.append(Phrase("send_other", node=where, name=name, operation=operation.name))


def _object(binder: RuleChecker, said: Mapping[str, Any], names: FactTypes, where: Phrase, path: str) -> RuleTree:
    tree: RuleTree = ["object"]
    for name, value in said.items():
        inner = f"{path}.{name}"
        if isinstance(value, Mapping):
            rule: RuleTree | None = _object(binder, value, names, where, inner)
        else:
            rule = binder.rule(value, names, Phrase("part_of", node=where, part=inner), None)
        if rule is not None:
            tree += [name, rule]
    return tree


def _result(
    binder: RuleChecker, said: Mapping[str, str], names: FactTypes, where: Phrase
) -> tuple[tuple[str, RuleTree], ...]:
    found: list[tuple[str, RuleTree]] = []
    for name, text in said.items():
        if not _NAME.fullmatch(name):
            binder.unbound.append(Phrase("strange_result", node=where, name=name))
            continue
        tree = binder.rule(text, names, Phrase("part_of", node=where, part=f"result.{name}"), None)
        if tree is not None:
            found.append((name, tree))
    return tuple(found)


def _errors(binder: RuleChecker, said: Mapping[str, str], names: FactTypes, where: Phrase) -> tuple[ErrorCase, ...]:
    found: list[ErrorCase] = []
    for text, code in said.items():
        if _STATUS.fullmatch(text):
            found.append(ErrorCase(code=code, status=text))
            continue
        tree = binder.rule(text, names, Phrase("part_of", node=where, part="errors"))
        if tree is not None:
            found.append(ErrorCase(code=code, when=tree))
    return tuple(found)
