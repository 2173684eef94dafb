"""Checks what must hold of every order at every moment: a person sees it, and something will move it on.

A broken invariant is a fault of MTD, or a change past it, and never a fault of an order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mtd.domain.errors import InvalidRequest
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan

LIMIT_SECONDS = 3_600
"""An order, a mail or a message may stand for so long without a cause that a person sees."""
_LEAST_SECONDS, _MOST_SECONDS = 5, 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenInvariant:
    """An invariant that does not hold for its subject."""

    #: Its stable name, such as `order_without_token`.
    invariant: str
    tenant: str
    #: The order's number, or what else it is about.
    subject: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveVersion:
    """The version by which a tenant's new orders go."""

    tenant: str
    process: str
    version: int
    plan: Plan


class Invariants(Protocol):
    """The rows of PostgreSQL that break an invariant."""

    def broken(self, limit_seconds: int) -> Sequence[BrokenInvariant]:
        """At most a hundred of each invariant. A row younger than the limit is still on its way."""
        ...

    def active_versions(self) -> Sequence[ActiveVersion]: ...


def asked_limit(text: str | None) -> int:
    """The limit of a request in seconds. Raises InvalidRequest."""
    if text is None:
        return LIMIT_SECONDS
    if not text.isascii() or not text.isdecimal() or not _LEAST_SECONDS <= int(text[:9]) <= _MOST_SECONDS:
        raise InvalidRequest(
            f"seconds must be a whole number from {_LEAST_SECONDS} to {_MOST_SECONDS}", code="seconds_malformed"
        )
    return int(text[:9])


def check_invariants(rows: Invariants, limit_seconds: int = LIMIT_SECONDS) -> list[Json]:
    """The broken invariants as JSON objects: `invariant`, `tenant`, `subject`, `says`."""
    found = [*rows.broken(limit_seconds), *_unserved_versions(rows.active_versions())]
    return [
        {"invariant": each.invariant, "tenant": each.tenant, "subject": each.subject, "says": each.says}
        for each in found
    ]


def _unserved_versions(versions: Sequence[ActiveVersion]) -> list[BrokenInvariant]:
    """An order of such a version would end as an exception at a task that nothing serves."""
    # It loads the compiler, which no other work of the function needs.
    from mtd.usecases.processes.import_processes import unserved

    return [
        BrokenInvariant(
            invariant="active_version_unserved",
            tenant=each.tenant,
            subject=f"{each.process} {each.version}",
            says=str(phrase),
        )
        for each in versions
        for phrase in unserved(each.plan)
    ]
