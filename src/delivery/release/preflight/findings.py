"""What a check answers, and what all of them are asked with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from delivery.packaging.builds import Build
from delivery.targets.target import Target


class Standing(StrEnum):
    """OK: nothing to do. WARNING: a deployment can end well, and something else does not work yet. STOPS: it cannot."""

    OK = "ok"
    WARNING = "warning"
    STOPS = "stops"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer: what was asked, how it stands, and what to do now where it does not stand well."""

    asked: str
    standing: Standing
    told: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`parameters` are all of the template's, defaults too; `standing` the stack's outputs, None where it is not
    there."""

    target: Target
    build: Build
    parameters: Mapping[str, str]
    status: str | None

    def client(self, service: str) -> Any:
        return self.target.clients.client(service)

    @property
    def platform(self) -> bool:
        """Whether the environment has network, database and portal of its own."""
        return self.parameters.get("Platform") == "true"

    @property
    def stands(self) -> bool:
        return self.status is not None and self.status.endswith("_COMPLETE") and self.status != "ROLLBACK_COMPLETE"


class Check(Protocol):
    """One thing that is asked; its name says what."""

    __name__: str

    def __call__(self, question: Question) -> Iterator[Finding]: ...


def ok(asked: str, told: str) -> Finding:
    return Finding(asked=asked, standing=Standing.OK, told=told)


def warning(asked: str, told: str, fix: str) -> Finding:
    return Finding(asked=asked, standing=Standing.WARNING, told=told, fix=fix)


def stops(asked: str, told: str, fix: str) -> Finding:
    return Finding(asked=asked, standing=Standing.STOPS, told=told, fix=fix)
