"""The binding sheet: what a diagram cannot say. It comes as the JSON of `NAME.bindings.yaml`.

```yaml
process: purchase-order                 # the key of its versions; else the file's name
start: Order came                       # where orders begin, of several start events
tasks:
  Validation: api:/states/validation    # who serves it: api:/…, system:…, lambda:…, state_machine:…
  Pick the goods: {group: warehouse, form: picking, due: PT4H, priority: high}
  Mark as checked: {set: {checked: "true"}}
  Pack: {lambda: pack_line, each: order.lines, as: line}
  Check fraud:
    server: system:fraud/check          # an operation of a connected system
    send: {id: order.number, buyer: {rut: order.buyer.rut}}
    result: {score: answer.score}       # into data
    errors: {"409": fraud_suspected, "answer.code == 'X1'": buyer_blocked}
    later: fraud_checked                # the message with the answer, where the system says 202; at the latest
    wait: PT4H                          # after this time
gateways: {"Pays with gift card?": gift_card}      # what SI and NO answer
flows: {"Large order": order.payable > 1000000, "Check -> Ship": otherwise}
timers: {Wait for stock: PT2H}
messages: {Payment confirmed: payment_confirmed}   # of a signal, too
conditions: {Stock is back: data.stock > 0}
calls: {Pack the order: packing}
```
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mtd.engine.messages.naming import plain
from mtd.engine.messages.phrases import Phrase, PhrasedError

TASK_WORDS = frozenset(
    {
        "server",
        "lambda",
        "group",
        "form",
        "candidate",
        "due",
        "follow_up",
        "priority",
        "set",
        "send",
        "result",
        "errors",
        "later",
        "wait",
        "each",
        "as",
        "until",
        "retries",
        "sla",
    }
)
RULE_WORDS = ("send", "result", "errors")
CALL_WORDS = (*RULE_WORDS, "later", "wait")
"""The words of a task that a connected system serves."""
_MAPPINGS = frozenset({"set", *RULE_WORDS})
PARTS = ("tasks", "gateways", "flows", "timers", "messages", "conditions", "calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The sheet's entries by the plain form of the names they are for (see `naming.plain`)."""

    process: str = ""
    start: str = ""
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    gateways: Mapping[str, str] = field(default_factory=dict)
    flows: Mapping[str, str] = field(default_factory=dict)
    timers: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)


def read(document: Any) -> Sheet:
    """The sheet of a JSON document; None is an empty one. Raises ProcessError (`sheet_malformed`)."""
    if document in (None, ""):
        return Sheet()
    if not isinstance(document, Mapping):
        raise _wrong(Phrase("sheet_no_mapping", parts=", ".join(PARTS)))
    for name in document:
        if name not in (*PARTS, "process", "start"):
            raise _wrong(Phrase("sheet_strange_part", name=name, parts=", ".join(PARTS)))
    process, start = document.get("process", ""), document.get("start", "")
    if not isinstance(process, str):
        raise _wrong(Phrase("sheet_process"))
    if not isinstance(start, str):
        raise _wrong(Phrase("sheet_start"))
    parts = {name: _part(document.get(name), name) for name in PARTS}
    return Sheet(process=process, start=start, **parts)


def unused(bound: Sheet, used: Collection[tuple[str, str]]) -> list[Phrase]:
    """Phrases on what the sheet binds and the diagram does not have; `used` holds parts and names."""
    return [
        Phrase("sheet_unused", name=name, part=part)
        for part in PARTS
        for name in getattr(bound, part)
        if (part, name) not in used
    ]


def _part(document: Any, part: str) -> Any:
    if document in (None, ""):
        return {}
    if not isinstance(document, Mapping):
        raise _wrong(Phrase("sheet_part", part=part))
    return {plain(str(name)): _entry(value, part, str(name)) for name, value in document.items()}


def _entry(value: Any, part: str, name: str) -> Any:
    if part != "tasks":
        text = _text(value)
        if text is None:
            raise _wrong(Phrase("sheet_text", name=name, part=part))
        return text
    if isinstance(value, str):
        return {"server": value}
    if not isinstance(value, Mapping):
        raise _wrong(Phrase("sheet_task", name=name, words=", ".join(sorted(TASK_WORDS))))
    for word, said in value.items():
        if word not in TASK_WORDS:
            raise _wrong(Phrase("sheet_strange_word", name=name, word=word, words=", ".join(sorted(TASK_WORDS))))
        if word == "set" and not (isinstance(said, Mapping) and all(isinstance(each, str) for each in said)):
            raise _wrong(Phrase("sheet_set", name=name))
        if word in RULE_WORDS and not _is_mapping(said, deep=word == "send"):
            raise _wrong(Phrase("sheet_call_mapping", name=name, word=word))
        if word not in _MAPPINGS and (isinstance(said, bool) or not isinstance(said, str | int)):
            raise _wrong(Phrase("sheet_task_text", word=word, name=name))
    return {word: _rules(said) if word in RULE_WORDS else _said(word, said) for word, said in value.items()}


def _said(word: str, said: Any) -> Any:
    return said if word == "set" else str(said)


def _is_mapping(said: Any, *, deep: bool) -> bool:
    """Whether it maps names to texts; with `deep`, to further mappings, too."""
    if not isinstance(said, Mapping):
        return False
    return all(_text(each) is not None or (deep and _is_mapping(each, deep=True)) for each in said.values())


def _rules(said: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _rules(each) if isinstance(each, Mapping) else _text(each) for name, each in said.items()}


def _text(value: Any) -> str | None:
    """A rule as text: YAML reads a bare `true` or a number as such. None where it is none of them."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _wrong(problem: Phrase) -> PhrasedError:
    return PhrasedError(Phrase("sheet_unreadable", problem=problem), code="sheet_malformed")
