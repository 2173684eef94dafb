"""The scenarios as data: named lists of steps, which are read from a file and checked before a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devenv.problem import Problem

FILE = Path("seed", "parity", "scenarios.yaml")
DRAWN = Path("seed", "parity", "drawn.bpmn")
STEPS = frozenset(
    {"put", "until", "rejected", "rows", "mails", "fault", "card", "send", "call", "process", "task", "rests"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`steps` are pairs of a step's name and its argument, in which `{n}` is the number of the scenario's order."""

    group: str
    name: str
    steps: tuple[tuple[str, Any], ...]

    @property
    def title(self) -> str:
        return f"{self.group}: {self.name}"


def read(path: Path) -> list[Scenario]:
    """Reads the scenarios. Raises Problem with the first invalid one."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise Problem(f"The scenarios in {path} cannot be read: {error}", fix="Correct the file.") from error
    found = []
    for group, named in document.items():
        for name, steps in named.items():
            pairs = tuple(pair for step in steps for pair in step.items())
            unknown = sorted({word for word, _ in pairs} - STEPS)
            if unknown:
                raise Problem(
                    f"Scenario '{group}: {name}' has unknown steps: {', '.join(unknown)}.", fix=f"Correct {path}."
                )
            found.append(Scenario(group=group, name=name, steps=pairs))
    return found
