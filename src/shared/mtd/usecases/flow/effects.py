"""A state's effect on one order: its result, its outcome, and the run of a batch of effects."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal

from mtd.domain.errors import MtdError, NotBegunError, RetryableError
from mtd.domain.json_types import Json
from mtd.engine.model.plan import Plan
from mtd.usecases.flow.changes import CreditNote, Incident, IssuedDocument
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.flow.trace import Hop

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRun:
    """One batch of one state: the function that runs it, and the hops that led here."""

    function: str
    request_id: str
    hops: tuple[Hop, ...] = ()
    retry_base_seconds: float = 1.0
    #: Effects at a time.
    parallel: int = 8
    #: The batch begins no effect later than so many seconds after its first one.
    begin_seconds: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectResult:
    """The result of an effect: the detail of its event, and the rows that the commit writes with it."""

    detail: Json = field(default_factory=dict)
    hops: tuple[Hop, ...] = ()
    #: The system tells its answer by a message later.
    accepted: bool = False
    #: Values for the order's process, which its next gateway may ask for.
    values: Json = field(default_factory=dict)
    documents: tuple[IssuedDocument, ...] = ()
    credit_notes: tuple[CreditNote, ...] = ()
    total: Decimal | None = None
    #: The kinds of mail that the customer gets.
    mails: tuple[str, ...] = ()
    incident: Incident | None = None
    #: The reason of the end that the order reaches next.
    end_reason: str | None = None


type Effect = Callable[[LeasedToken], EffectResult]
"""A state's work on one order. Raises BusinessError when refused for good, RetryableError when it may work later."""

type Prepare = Callable[[Sequence[LeasedToken], Mapping[int, Plan]], Effect]
"""Makes the effect for a leased batch, from its tokens and their plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """The order is parked until the circuit of `system` closes."""

    system: str
    #: Seconds until this order, or another, probes the system.
    probe_in: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectOutcome:
    """The outcome of one effect: its result, or the error that it raised."""

    result: EffectResult | None
    error: MtdError | None
    #: The duration in milliseconds.
    ms: float
    #: Set where the order is parked after the error.
    parking: Parking | None = None

    @classmethod
    def failed(cls, error: MtdError) -> "EffectOutcome":
        """The outcome of an effect that was not tried."""
        return cls(result=None, error=error, ms=0)


def run_effects(
    tokens: Sequence[LeasedToken], effect: Effect, parallel: int, begin_seconds: float = math.inf
) -> dict[int, EffectOutcome]:
    """Run the effect on every token, `parallel` at a time. Returns the outcomes by the ids of the tokens' rows.

    A token whose turn does not come within `begin_seconds` has not begun. A function that a slow system keeps until it
    is cut off would commit nothing of what it has done.
    """
    until = time.monotonic() + begin_seconds
    if parallel == 1 or len(tokens) < 2:
        return {token.token_id: _run(effect, token, until) for token in tokens}
    with ThreadPoolExecutor(min(parallel, len(tokens))) as pool:
        outcomes = pool.map(lambda token: _run(effect, token, until), tokens)
        return dict(zip((token.token_id for token in tokens), outcomes, strict=True))


def _run(effect: Effect, token: LeasedToken, until: float) -> EffectOutcome:
    if time.monotonic() > until:
        return EffectOutcome.failed(NotBegunError("the batch's time was up before the order's turn"))
    started = time.perf_counter()
    result: EffectResult | None = None
    error: MtdError | None = None
    try:
        result = effect(token)
    except MtdError as known:
        error = known
    except Exception as unknown:
        LOG.exception("effect failed", extra={"order_id": str(token.order_id), "state": token.node})
        error = RetryableError(f"{type(unknown).__name__}: {unknown}", code="unexpected")
    return EffectOutcome(result=result, error=error, ms=(time.perf_counter() - started) * 1000)
