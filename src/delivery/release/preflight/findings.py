"""The finding of a check, and the question that all checks get."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from delivery.packaging.builds import Build
from delivery.targets.target import Target


class Severity(StrEnum):
    """OK: nothing to do. WARNING: a deployment can end well, and something else does not work yet. STOPS: it cannot."""

    OK = "ok"
    WARNING = "warning"
    STOPS = "stops"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer: what was asked, how it stands, and what to do now where it does not stand well."""

    asked: str
    severity: Severity
    answer: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`parameters` are all of the template's, with its defaults. `status` is the stack's, None without a stack."""

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


def ok(asked: str, answer: str) -> Finding:
    return Finding(asked=asked, severity=Severity.OK, answer=answer)


def warning(asked: str, answer: str, fix: str) -> Finding:
    return Finding(asked=asked, severity=Severity.WARNING, answer=answer, fix=fix)


def stops(asked: str, answer: str, fix: str) -> Finding:
    return Finding(asked=asked, severity=Severity.STOPS, answer=answer, fix=fix)
