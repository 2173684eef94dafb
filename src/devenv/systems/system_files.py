"""Reads files of connected systems: `systems: {name: declaration}`, as docs/connect.md describes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from devenv.problem import Problem

type Json = dict[str, Any]

_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFile:
    """A system of a file, for one environment."""

    name: str
    #: The declaration as the API takes it.
    declaration: Json
    #: Examples of answers, by operations; only the simulator gets them.
    examples: Json = field(default_factory=dict)

    def stub(self) -> Json:
        """The document of the simulator's stub."""
        words = ("operations", "recover")
        return {word: self.declaration[word] for word in words if word in self.declaration} | {
            "examples": self.examples
        }

    def at(self, url: str) -> Json:
        """The declaration of the system's stub at that address. A stub asks for no credentials."""
        return {word: said for word, said in self.declaration.items() if word != "secret"} | {"url": url}


def read_systems(path: Path, environment: str) -> list[SystemFile]:
    """The systems of a file. `environments` of a system says what is different in one. Raises Problem."""
    try:
        if path.stat().st_size > _LARGEST:
            raise Problem(f"{path} has more than {_LARGEST} bytes.", fix="Name a file of systems.")
        document: Any = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise Problem(
            f"{path} cannot be read as YAML: {reason}", fix="Correct it; docs/connect.md has an example."
        ) from (error)
    systems = document.get("systems") if isinstance(document, Mapping) else None
    if not isinstance(systems, Mapping) or not systems or not all(isinstance(each, dict) for each in systems.values()):
        raise Problem(f"{path} has no systems.", fix="Begin it with 'systems:', as docs/connect.md does.")
    return [_system(str(name), dict(said), environment, path) for name, said in systems.items()]


def _system(name: str, said: Json, environment: str, path: Path) -> SystemFile:
    environments, examples = said.pop("environments", None) or {}, said.pop("stub", None) or {}
    if not isinstance(environments, Mapping) or not isinstance(environments.get(environment, {}), Mapping):
        raise Problem(
            f"{path}: environments of {name} must be declarations by environment.",
            fix="As in: environments: {staging: {url: https://…}}",
        )
    if not isinstance(examples, dict):
        raise Problem(f"{path}: stub of {name} must be lists of examples by operations.", fix="See docs/connect.md.")
    return SystemFile(name=name, declaration=said | dict(environments.get(environment, {})), examples=examples)
