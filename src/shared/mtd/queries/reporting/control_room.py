"""The system at work: orders in process, ended and failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mtd.queries.orders.orders import Reader
from mtd.sql import Row, load

_SQL = load(__name__)
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """The orders in a state: their number, how many of them wait for another try, how many are parked because a
    legacy system does not answer (queries/flow/circuits.py), and since when the oldest is there."""

    state: str
    name: str
    orders: int = 0
    retrying: int = 0
    parked: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRoom:
    """The control room's figures, in orders. An order may be in several states at once; `in_process` counts it once.

    `ended` counts 24 hours by outcome; `p50` and `p95` are seconds from received to completed over the last hour, None
    where nothing completed. `waiting` are the orders that are known to wait, `waiting_since` when the latest of them
    came; `at_risk` those in process whose promised day is within 24 hours (UTC). Without an active process no new order
    can enter.
    """

    states: tuple[StateCount, ...]
    in_process: int
    ended: dict[str, int]
    open_incidents: int
    incidents_lately: int
    waiting: int
    waiting_since: datetime | None
    at_risk: int
    has_active_process: bool
    completed_lately: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of rows; `next` is how many rows lie before the page that follows, None at the end."""

    rows: list[Row]
    next: int | None


def control_room(read: Reader) -> ControlRoom:
    """The figures of now. It takes a few milliseconds, however many orders have ended."""
    counted = {row["state"]: row for row in read(_SQL["in_process"], {})}
    names = {row["state"]: row["name"] for row in read(_SQL["active_states"], {})}
    active = bool(names)
    names |= {state: state for state in sorted(counted) if state not in names}
    [incidents] = read(_SQL["open_incidents"], {})
    [waiting] = read(_SQL["waiting"], {})
    [risk] = read(_SQL["at_risk"], {})
    [speed] = read(_SQL["speed"], {})
    return ControlRoom(
        states=tuple(
            StateCount(**(counted[state] | {"name": name})) if state in counted else StateCount(state=state, name=name)
            for state, name in names.items()
        ),
        in_process=read(_SQL["orders_in_process"], {})[0]["orders"],
        ended={row["outcome"]: row["orders"] for row in read(_SQL["ended_lately"], {})},
        open_incidents=incidents["open"],
        incidents_lately=incidents["lately"],
        waiting=waiting["orders"],
        waiting_since=waiting["latest"],
        at_risk=risk["orders"],
        has_active_process=active,
        completed_lately=speed["orders"],
        p50=None if speed["p50"] is None else float(speed["p50"]),
        p95=None if speed["p95"] is None else float(speed["p95"]),
    )


def state_names(read: Reader) -> dict[str, str]:
    """The states of the active processes, as drawn."""
    return {row["state"]: row["name"] for row in read(_SQL["active_states"], {})}


def throughput(read: Reader) -> list[Row]:
    """Orders received and ended in each of the last 60 minutes, the oldest first."""
    return read(_SQL["throughput"], {})


def open_incidents(read: Reader) -> int:
    """The orders that have an open incident."""
    return int(read(_SQL["open_incidents"], {})[0]["open"])


def incident_groups(read: Reader, after: int = 0) -> Listed:
    """A page of open incidents by fingerprint, with their orders; the latest first."""
    return _listed(read, "incident_groups", {}, after)


def incidents_of(read: Reader, fingerprint: str, after: int = 0) -> Listed:
    """A page of the open incidents of a group with their orders, the latest first."""
    return _listed(read, "incidents_of", {"fingerprint": fingerprint}, after)


def exceptions_without_incident(read: Reader, after: int = 0) -> Listed:
    """A page of the orders that were exceptions from the start (bad totals, a taken number), the latest first."""
    return _listed(read, "exceptions_without_incident", {}, after)


def count_exceptions_without_incident(read: Reader) -> int:
    return int(read(_SQL["count_exceptions_without_incident"], {})[0]["orders"])


def waiting_orders(read: Reader) -> list[Row]:
    """The orders that are known to rest in the waiting queue, the oldest first, at most 1,000."""
    return read(_SQL["waiting_orders"], {})


def latest_rejections(read: Reader, after: int = 0) -> Listed:
    """A page of the files that can never become an order, the latest first."""
    return _listed(read, "latest_rejections", {}, after)


def count_rejections(read: Reader) -> int:
    return int(read(_SQL["count_rejections"], {})[0]["files"])


def _listed(read: Reader, query: str, asked: dict[str, Any], after: int) -> Listed:
    rows = read(_SQL[query], {**asked, "after": after, "limit": PAGE + 1})
    return Listed(rows=rows[:PAGE], next=after + PAGE if len(rows) > PAGE else None)
