"""A fault strikes the call for which it is armed."""

import pytest
from mtd_localstack.executor.call_faults import KILLED, TIMED_OUT, CallFault, CallFaults


def test_faults_strike_the_functions_calls_in_the_order_they_were_armed() -> None:
    faults = CallFaults()
    first, second = (CallFault(function="f", kind=kind, after_ms=5) for kind in (KILLED, TIMED_OUT))
    faults.arm(first)
    faults.arm(second)
    assert faults.take("another") is None
    assert [faults.take("f"), faults.take("f"), faults.take("f")] == [first, second, None]


def test_a_fault_that_came_too_late_waits_for_the_next_call() -> None:
    faults = CallFaults()
    faults.arm(CallFault(function="f", kind=KILLED))
    fault = faults.take("f")
    assert fault is not None
    assert faults.snapshot() == {"armed": [], "struck": []}
    faults.missed(fault)
    assert faults.snapshot()["armed"] == [{"function": "f", "kind": "killed", "after_ms": 0.0}]
    faults.struck(fault)
    [struck] = faults.clear()["struck"]
    assert (struck["function"], struck["kind"]) == ("f", "killed")
    assert faults.snapshot() == {"armed": [], "struck": []}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="one of killed, killed_answering, timed_out"):
        CallFaults().arm(CallFault(function="f", kind="drowned"))
