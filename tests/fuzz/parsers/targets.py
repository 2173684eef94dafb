"""The properties of the readers of files that a fuzzer tries: any input is answered in time, in bounds and in words.

Without the fuzzer, so that the unit tests run its corpus, too.
"""

import time
import tracemalloc
from collections.abc import Callable, Mapping

from mtd.domain.errors import BusinessError, MtdError, RejectedOrder
from mtd.domain.orders import order, ubl, xml
from mtd.domain.orders.totals import amounts
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source, Verdict
from mtd.engine.layout.diagram import diagram
from mtd.engine.model import plan_json

SECONDS = 1.0
"""Of this process's own time, for one file."""
BYTES = 200 * 1024 * 1024
"""Of memory at once, for one file."""


def orders(content: bytes) -> None:
    """An order's file is rejected with a reason, or is an order that survives its way through queue and database."""
    try:
        parsed = ubl.parse_order(content)
    except RejectedOrder as reason:
        _told(reason)
        return
    document = order.to_json(parsed)
    assert order.from_json(document) == parsed
    assert order.from_json(document).order_id == parsed.order_id
    try:
        amounts(parsed)
    except BusinessError as refusal:
        _told(refusal)


def _told(error: MtdError) -> None:
    assert str(error)
    assert error.code


def diagrams(content: bytes) -> None:
    """A diagram's file has a report for each process: refused in one sentence, or a plan to store and draw."""
    for report in import_sources([Source(name="fuzzed", content=content)], ("validation", "dispatch")):
        if report.verdict is Verdict.REFUSED:
            assert report.reason
            assert "\n" not in str(report.reason)
        if report.plan is not None:
            assert plan_json.from_json(plan_json.to_json(report.plan)) == report.plan
            if report.unseen is not None:
                assert xml.parse(diagram(report.unseen).encode())


TARGETS: Mapping[str, Callable[[bytes], None]] = {"orders": orders, "diagrams": diagrams}


def timed(target: Callable[[bytes], None], content: bytes) -> None:
    """The target, which must be through in time."""
    started = time.process_time()
    target(content)
    seconds = time.process_time() - started
    assert seconds <= SECONDS, f"{len(content)} bytes took {seconds:.2f} s"


def bounded(target: Callable[[bytes], None], content: bytes) -> int:
    """The target, in memory and in time; the bytes that it had at most. Slower than `timed`."""
    tracemalloc.start()
    try:
        target(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most <= BYTES, f"{len(content)} bytes took {most} bytes of memory"
    return most
