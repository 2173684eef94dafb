"""Checks a rule against the facts there are, so that a misspelt name is found at import and not by an order.

A type is `bool`, `number`, `text`, `any`, a list type `[T]`, or a mapping of names to types.
"""

from collections.abc import Mapping
from typing import Any

from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.rules.evaluator import RuleTree

type RuleType = Any

_COMPARED = {"<", "<=", ">", ">="}
_COUNTED = {"-", "*", "/", "%", "negative"}
_RESULTS = {"size": "number", "double": "number", "string": "text"}


def check(tree: RuleTree, names: Mapping[str, RuleType]) -> RuleType:
    """The rule's type. Raises ProcessError (`rule_wrong`) that names what is not there or does not fit."""
    operation, *parts = tree
    if operation == "value":
        return "bool" if isinstance(parts[0], bool) else "any" if parts[0] is None else "text"
    if operation == "number":
        return "number"
    if operation == "name":
        if parts[0] not in names:
            raise _wrong(Phrase("no_fact", name=parts[0], known=", ".join(sorted(names))))
        return names[parts[0]]
    if operation == "object":
        return {parts[at]: check(parts[at + 1], names) for at in range(0, len(parts), 2)}
    if operation in ("field", "has"):
        return (
            _field(check(parts[0], names), parts[1]) if operation == "field" else _has(check(parts[0], names), parts[1])
        )
    if operation in ("exists", "all"):
        inner = _element(check(parts[0], names))
        _must(check(parts[2], {**names, parts[1]: inner}), "bool", Phrase("a_condition"))
        return "bool"
    if operation == "call":
        for each in parts[1:]:
            check(each, names)
        return _RESULTS.get(parts[0], "bool")
    return _operator(operation, [check(each, names) for each in parts])


def asked(tree: RuleTree) -> set[str]:
    """The names of the facts that the rule asks for, whether there are such or not."""
    operation, *parts = tree
    if operation == "name":
        return {parts[0]}
    inner = {name for each in parts if isinstance(each, list) for name in asked(each)}
    return inner - {parts[1]} if operation in ("exists", "all") else inner


def _operator(operation: str, types: list[RuleType]) -> RuleType:
    if operation in ("and", "or", "not"):
        for each in types:
            _must(each, "bool", {"and": "&&", "or": "||", "not": "!"}[operation])
        return "bool"
    if operation in ("==", "!="):
        if "any" not in types and isinstance(types[0], str) and types[0] != types[1]:
            raise _wrong(Phrase("types_differ", one=_told(types[0]), other=_told(types[1])))
        return "bool"
    if operation in _COMPARED:
        if "any" not in types and types[0] != types[1]:
            raise _wrong(Phrase("types_differ", one=_told(types[0]), other=_told(types[1])))
        return "bool"
    if operation in _COUNTED:
        for each in types:
            _must(each, "number", operation)
        return "number"
    if operation == "+":
        return types[0] if types[0] == types[1] else "any"
    if operation == "if":
        _must(types[0], "bool", "?")
        return types[1] if types[1] == types[2] else "any"
    if operation == "in":
        _element(types[1])
        return "bool"
    if operation == "index":
        return _element(types[0])
    return [types[0] if types and all(each == types[0] for each in types) else "any"]


def _field(owner: RuleType, name: str) -> RuleType:
    if owner == "any":
        return "any"
    if not isinstance(owner, dict):
        raise _wrong(Phrase("no_field", name=name))
    if name not in owner:
        raise _wrong(Phrase("no_field_among", name=name, known=", ".join(sorted(owner))))
    return owner[name]


def _has(owner: RuleType, name: str) -> RuleType:
    _field(owner, name)
    return "bool"


def _element(owner: RuleType) -> RuleType:
    if owner == "any":
        return "any"
    if not isinstance(owner, list):
        raise _wrong(Phrase("list_wanted", found=_told(owner)))
    return owner[0]


def _must(found: RuleType, wanted: str, where: Phrase | str) -> None:
    if found not in (wanted, "any"):
        raise _wrong(Phrase("type_wanted", where=where, wanted=_told(wanted), found=_told(found)))


def _told(found: RuleType) -> Phrase:
    kind = "list" if isinstance(found, list) else "group_of_facts" if isinstance(found, dict) else found
    return Phrase(f"type_{kind}")


def _wrong(phrase: Phrase) -> PhrasedError:
    return PhrasedError(phrase, code="rule_wrong")
