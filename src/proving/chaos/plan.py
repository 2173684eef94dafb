"""Plans the faults of a run: a pure function of the seed and the number of orders."""

import random
from dataclasses import dataclass
from enum import StrEnum

# The functions of an order's way, without those that people call.
FUNCTIONS = tuple(
    (
        "receive_order read_queue register_orders route_order validate_order redeem_gift_card "
        "allocate_order issue_dte open_sales_support dispatch_order complete_order "
        "notify_customer"
    ).split()
)
READERS = ("receive_order", "read_queue", "route_order", "notify_customer")
SYSTEMS = ("gift_card", "eom", "paperless", "sales_support")
LANES = (
    "transitions",
    "transitions-gift_card",
    "transitions-eom",
    "transitions-paperless",
    "transitions-sales_support",
    "transitions-cancellation",
    "transitions-systems",
)
QUEUES = ("orders", *LANES, "notifications")
_ORDERS_A_ROUND = 300
# The last tenth of a run has no new faults, so that orders can end.
_LAST = 0.9


class FaultKind(StrEnum):
    """The kinds of faults, by their names in the report."""

    KILLED_BEFORE_COMMIT = "function_killed_before_commit"
    KILLED_MIDWAY = "function_killed_midway"
    KILLED_AFTER_COMMIT = "function_killed_after_commit"
    TIMED_OUT = "function_timed_out"
    UPDATED = "functions_updated"
    DATABASE_RESTARTED = "database_restarted"
    CONNECTIONS_CUT = "connections_cut"
    LEGACY_5XX = "legacy_5xx"
    LEGACY_REFUSED = "legacy_refused"
    LEGACY_SLOW = "legacy_slow"
    LEGACY_LATE_UNDONE = "legacy_timed_out_before_doing"
    LEGACY_LATE_DONE = "legacy_timed_out_after_doing"
    LEGACY_OUTAGE = "legacy_outage"
    MESSAGES_DOUBLED = "messages_doubled"
    MESSAGES_REORDERED = "messages_reordered"
    MESSAGES_DELAYED = "messages_delayed"
    S3_EVENTS_DOUBLED = "s3_events_doubled"
    READER_STOPPED = "queue_reader_stopped"
    RELAY_DEAD = "relay_dead"
    CLOCK_JUMPED = "clock_jumped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """A fault, due once that share of the orders has ended.

    `victim` is a function, a legacy system or a queue; `times` is the number of calls or messages. The unit of `size`
    depends on the kind: milliseconds into a call, milliseconds of a slow answer, or seconds that the fault lasts.
    """

    kind: FaultKind
    due: float
    victim: str = ""
    times: int = 1
    size: float = 0.0


def plan(seed: int, orders: int) -> tuple[PlannedFault, ...]:
    """Faults by due time: every kind at least once, and once more for every 300 orders. A seed fixes all of them."""
    chance = random.Random(f"chaos {seed}")
    rounds = max(1, round(orders / _ORDERS_A_ROUND))
    lasting = min(60.0, max(4.0, orders / 50))
    faults = []
    for index in range(rounds):
        kinds = list(FaultKind)
        chance.shuffle(kinds)
        for place, kind in enumerate(kinds):
            due = _LAST * (index + (place + chance.random()) / len(kinds)) / rounds
            if kind is FaultKind.S3_EVENTS_DOUBLED:
                due *= 0.4  # all files are put long before the last orders end
            faults.append(_fault(kind, round(due, 4), lasting, chance))
    return tuple(sorted(faults, key=lambda fault: fault.due))


def _fault(kind: FaultKind, due: float, lasting: float, chance: random.Random) -> PlannedFault:
    victim, times, size = "", 1, 0.0
    match kind:
        case FaultKind.KILLED_BEFORE_COMMIT:
            victim, size = chance.choice(FUNCTIONS), chance.uniform(0, 3)
        case FaultKind.KILLED_MIDWAY:
            victim, size = chance.choice(FUNCTIONS), chance.uniform(5, 60)
        case FaultKind.KILLED_AFTER_COMMIT:
            victim = chance.choice(FUNCTIONS)
        case FaultKind.TIMED_OUT:
            victim, size = chance.choice(FUNCTIONS), chance.uniform(5, 60)
        case (
            FaultKind.LEGACY_5XX | FaultKind.LEGACY_REFUSED | FaultKind.LEGACY_LATE_UNDONE | FaultKind.LEGACY_LATE_DONE
        ):
            victim, times = chance.choice(SYSTEMS), chance.randint(2, 6)
        case FaultKind.LEGACY_SLOW:
            victim, times, size = chance.choice(SYSTEMS), chance.randint(5, 20), chance.uniform(100, 900)
        case FaultKind.LEGACY_OUTAGE:
            victim, size = chance.choice(SYSTEMS), lasting
        case FaultKind.MESSAGES_DOUBLED | FaultKind.MESSAGES_REORDERED:
            victim, times = chance.choice(QUEUES), chance.randint(3, 10)
        case FaultKind.MESSAGES_DELAYED:
            victim, times, size = chance.choice(QUEUES), chance.randint(3, 10), float(chance.randint(2, 8))
        case FaultKind.S3_EVENTS_DOUBLED:
            victim, times = "inbox-events", chance.randint(3, 10)
        case FaultKind.READER_STOPPED:
            victim, size = chance.choice(READERS), lasting
        case FaultKind.RELAY_DEAD:
            victim, size = "relay_outbox", lasting
        case FaultKind.CLOCK_JUMPED:
            size = float(chance.randint(60, 3600))
        case FaultKind.UPDATED | FaultKind.DATABASE_RESTARTED | FaultKind.CONNECTIONS_CUT:
            pass
    return PlannedFault(kind=kind, due=due, victim=victim, times=times, size=round(size, 1))
