"""Orders wait while a series has no folios. Every minute MTD asks Paperless for a further range, and lets them go on.

`circuit_breaker` opens the circuit of the series when Paperless refuses a document for want of folios. A person may
close it, too.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date

from mtd.domain.circuit import Circuit
from mtd.domain.errors import RetryableError
from mtd.domain.tax.folios import FolioRange, FolioSeries, has_folios
from mtd.usecases.flow.circuit_breaker import CircuitSettings, release_parked
from mtd.usecases.operations.operate_circuits import WatchedCircuits

LOG = logging.getLogger(__name__)


def end_shortages(
    circuits: WatchedCircuits,
    ranges: Callable[[], Sequence[FolioRange]],
    today: date,
    settings: CircuitSettings,
    who: str,
) -> int:
    """Close the circuits of series that have folios again, and release their first orders. Returns how many closed.

    `ranges` asks Paperless, and is called only while a series has none. If Paperless does not answer, the orders wait.
    """
    short = {each.system: FolioSeries.of_circuit(each.system) for each in circuits.watched() if each.open}
    series = {name: found for name, found in short.items() if found is not None}
    if not series:
        return 0
    try:
        known = ranges()
    except RetryableError:
        LOG.exception("folios not known")
        return 0
    ended = [name for name, each in series.items() if has_folios(each, known, today)]
    for name in ended:
        with circuits.locked(name) as locked:
            if locked.circuit.open and not locked.circuit.by_hand:
                locked.set(Circuit(open=False, by_hand=False), "there are folios again", who, None)
                release_parked(locked, name, locked.drain_rate or settings.drain_rate, who)
    return len(ended)
