"""The values in a packaged template, as far as they are known without CloudFormation: parameters, names
of resources, conditions and substitutions are resolved, anything else is left open."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OPEN = object()
NOTHING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The values of references: parameters, pseudo parameters and physical ids by logical id."""

    names: Mapping[str, Any]
    conditions: Mapping[str, Any]
    mappings: Mapping[str, Any]

    def value(self, node: Any) -> Any:
        """``node`` resolved; OPEN where it cannot be, NOTHING for AWS::NoValue."""
        if isinstance(node, list):
            return [value for item in node if (value := self.value(item)) is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(name, argument)] = node.items()
            if name == "Ref":
                return NOTHING if argument == "AWS::NoValue" else self.names.get(argument, OPEN)
            if name.startswith("Fn::") or name == "Condition":
                return self._function(name.removeprefix("Fn::"), argument)
        values = {name: self.value(inner) for name, inner in node.items()}
        return {name: value for name, value in values.items() if value is not NOTHING}

    def _function(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Sub", str():
                return self._substituted(argument, {})
            case "Sub", [str() as text, dict() as more]:
                return self._substituted(text, {name: self.value(value) for name, value in more.items()})
            case "If", [str() as condition, yes, no]:
                return self.value(yes if self.holds(condition) else no)
            case "FindInMap", [str() as mapping, first, second]:
                return self.mappings[mapping][self.value(first)][self.value(second)]
            case _:
                return OPEN

    def _substituted(self, text: str, more: Mapping[str, Any]) -> Any:
        names = {**self.names, **more}
        found = re.findall(r"\$\{([^}!]+)\}", text)
        if any(names.get(name, OPEN) is OPEN for name in found):
            return OPEN
        return re.sub(r"\$\{([^}!]+)\}", lambda match: str(names[match[1]]), text)

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template is true."""
        return self._true(self.conditions[condition])

    def _true(self, node: Any) -> bool:
        match node:
            case {"Fn::Equals": [one, other]}:
                return str(self.value(one)) == str(self.value(other))
            case {"Fn::Not": [inner]}:
                return not self._true(inner)
            case {"Fn::And": list() as all_of}:
                return all(self._true(inner) for inner in all_of)
            case {"Condition": str() as name}:
                return self.holds(name)
            case _:
                raise AssertionError(f"no condition that this reads: {node}")


def differences(said: Any, stands: Any, path: str = "") -> Iterator[str]:
    """The paths at which ``stands``, an API's answer, differs from the template. Names' first letters and the types of
    numbers and truths do not count, nor does the order of lists."""
    if said is OPEN:
        return
    if isinstance(said, dict):
        if not isinstance(stands, dict):
            yield f"{path}: {stands!r} instead of {said!r}"
            return
        lowered = {name.lower(): value for name, value in stands.items()}
        for name, inner in said.items():
            if name.lower() not in lowered:
                yield f"{path}{name}: not returned"
            else:
                yield from differences(inner, lowered[name.lower()], f"{path}{name}.")
    elif isinstance(said, list):
        # Of tags and attributes a service tells its own as well.
        whole = not all(isinstance(item, dict) and "Key" in item for item in said)
        if not isinstance(stands, list) or (whole and len(said) != len(stands)):
            yield f"{path}: {stands!r} instead of {said!r}"
            return
        for item in said:
            if all(any(differences(item, other)) for other in stands):
                yield f"{path}: {item!r} is not among {stands!r}"
    elif _plain(said) != _plain(stands):
        yield f"{path}: {stands!r} instead of {said!r}"


def _plain(value: Any) -> str:
    text = str(value)
    try:
        return str(float(text))
    except ValueError:
        return text.lower() if text.lower() in ("true", "false") else text
