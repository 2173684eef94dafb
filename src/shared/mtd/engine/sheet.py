"""The binding sheet: what a diagram cannot say. It comes as the JSON of `NAME.bindings.yaml`.

```yaml
process: purchase-order                 # the key of its versions; else the file's name
tasks:
  Validation: api:/states/validation    # who serves it: api:/…, lambda:…, state_machine:…
  Pick the goods: {group: warehouse, form: picking, due: PT4H, priority: high}
  Mark as checked: {set: {checked: "true"}}
  Pack: {lambda: pack_line, each: order.lines, as: line}
gateways: {"Pays with gift card?": gift_card}      # what SI and NO answer
flows: {"Large order": order.payable > 1000000, "Check -> Ship": otherwise}
timers: {Wait for stock: PT2H}
messages: {Payment confirmed: payment_confirmed}
calls: {Pack the order: packing}
```
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.engine.naming import plain

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
        "each",
        "as",
        "retries",
        "sla",
    }
)
PARTS = ("tasks", "gateways", "flows", "timers", "messages", "calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The sheet's entries by the plain form of the names they are for (see `naming.plain`)."""

    process: str = ""
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    gateways: Mapping[str, str] = field(default_factory=dict)
    flows: Mapping[str, str] = field(default_factory=dict)
    timers: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)


def read(document: Any) -> Sheet:
    """The sheet of a JSON document; None is an empty one. Raises ProcessError (`sheet_malformed`)."""
    if document in (None, ""):
        return Sheet()
    if not isinstance(document, Mapping):
        raise _wrong(f"it must be a mapping with {', '.join(PARTS)}")
    for name in document:
        if name not in (*PARTS, "process"):
            raise _wrong(f"there is no part {name!r}; there are process, {', '.join(PARTS)}")
    process = document.get("process", "")
    if not isinstance(process, str):
        raise _wrong("'process' must be a text")
    parts = {name: _part(document.get(name), name) for name in PARTS}
    return Sheet(process=process, **parts)


def unused(bound: Sheet, used: Collection[tuple[str, str]]) -> list[str]:
    """Sentences on what the sheet binds and the diagram does not have; `used` holds parts and names."""
    return [
        f"the binding sheet has '{name}' under {part}, which the diagram has not"
        for part in PARTS
        for name in getattr(bound, part)
        if (part, name) not in used
    ]


def _part(document: Any, part: str) -> Any:
    if document in (None, ""):
        return {}
    if not isinstance(document, Mapping):
        raise _wrong(f"'{part}' must be a mapping of names")
    return {plain(str(name)): _entry(value, part, str(name)) for name, value in document.items()}


def _entry(value: Any, part: str, name: str) -> Any:
    if part != "tasks":
        # YAML reads a bare `true` or a number as such; a rule is a text.
        text = (
            str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else value
        )
        if not isinstance(text, str):
            raise _wrong(f"'{name}' in '{part}' must be a text")
        return text
    if isinstance(value, str):
        return {"server": value}
    if not isinstance(value, Mapping):
        raise _wrong(f"task '{name}' must be a server, or a mapping with {', '.join(sorted(TASK_WORDS))}")
    for word, said in value.items():
        if word not in TASK_WORDS:
            raise _wrong(f"task '{name}' says {word!r}; there are {', '.join(sorted(TASK_WORDS))}")
        if word == "set" and not (isinstance(said, Mapping) and all(isinstance(each, str) for each in said)):
            raise _wrong(f"'set' of task '{name}' must be a mapping of names to rules")
        if word != "set" and (isinstance(said, bool) or not isinstance(said, str | int)):
            raise _wrong(f"'{word}' of task '{name}' must be a text")
    return {word: said if word == "set" else str(said) for word, said in value.items()}


def _wrong(what: str) -> ProcessError:
    return ProcessError(f"the binding sheet cannot be read: {what}", code="sheet_malformed")
