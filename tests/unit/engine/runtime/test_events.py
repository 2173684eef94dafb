"""Events and tokens: boundaries, timers, messages, escalations."""

import pytest
from tests.support.cases import run

from mtd.domain.errors import ProcessError
from mtd.engine.model.tokens import MessageReceived, TaskEscalated, TaskFailed, TimerFired, Waits

TIMED = """
    start: S
    service: A
    boundary: T | on=A, time=%s, interrupting=%s
    service: B
    service: C
    end: E
    end: L
    S > A > C > E
    T > B > L
"""


def test_an_interrupting_timer_takes_the_token() -> None:
    case = run(TIMED % ("PT1H", "yes"))
    token = case.at("a")
    case.do(TimerFired(token=case.at("t")))
    assert (case.places, case.at("b")) == (["b"], token)


def test_a_timer_that_does_not_interrupt_adds_a_token_once() -> None:
    case = run(TIMED % ("PT1H", "no"))
    case.do(TimerFired(token=case.at("t")))
    assert case.places == ["a", "b"]
    assert case.done("a", "c").outcome is None
    assert case.done("b").outcome == "l"


def test_a_message_that_does_not_interrupt_may_come_again() -> None:
    case = run(
        "start: S\nservice: A\nboundary: M | on=A, message=news, interrupting=no\nservice: B\nend: E\n"
        "S > A > E\nM > B > E"
    )
    case.do(MessageReceived(message="news")).do(MessageReceived(message="news"))
    assert case.places == ["a", "b", "b", "m"]
    assert case.done("a").places == ["b", "b"]


def test_a_cycle_fires_as_often_as_it_says() -> None:
    case = run(TIMED % ("R2/PT1H", "no"))
    case.do(TimerFired(token=case.at("t")))
    assert case.places == ["a", "b", "t"]
    case.do(TimerFired(token=case.at("t")))
    assert case.places == ["a", "b", "b"]


def test_a_finished_task_disarms_its_timer() -> None:
    case = run(TIMED % ("PT1H", "yes"))
    timer = case.at("t")
    assert case.done("a").places == ["c"]
    with pytest.raises(ProcessError, match="no token") as late:
        case.do(TimerFired(token=timer))
    assert late.value.code == "no_such_token"


def test_the_boundary_event_for_its_code_catches_a_failure_else_the_general_one() -> None:
    text = (
        "start: S\nservice: A\nboundary: Any | on=A, error\nboundary: Sold out | on=A, error=sold_out\n"
        "end: E\nend: X\nend: Y\nS > A > E\nAny > X\nSold out > Y"
    )
    for code, end in (("sold_out", "y"), ("timeout", "x"), (None, "x")):
        case = run(text)
        assert case.do(TaskFailed(token=case.at("a"), code=code)).outcome == end


def test_intermediate_timers_and_messages_wait() -> None:
    case = run("start: S\ncatch: T | time=PT1H\ncatch: M | message=paid\nreceive: R\nend: E\nS > T > M > R > E")
    assert [token.waits for token in case.tokens.values()] == [Waits.TIME]
    case.do(TimerFired(token=case.at("t")))
    with pytest.raises(ProcessError, match="nothing waits for the message 'other'"):
        case.do(MessageReceived(message="other"))
    assert case.do(MessageReceived(message="paid", values={"amount": 7})).places == ["r"]
    assert case.data == {"amount": 7}
    assert case.do(MessageReceived(message="r")).outcome == "e"


def test_the_first_event_after_an_event_based_gateway_wins() -> None:
    text = (
        "start: S\nevent: G\ncatch: T | time=PT1H\ncatch: M | message=paid\nservice: A\nservice: B\nend: E\n"
        "S > G > T > A > E\nG > M > B > E"
    )
    case = run(text)
    assert case.places == ["g", "m", "t"]
    assert case.do(MessageReceived(message="paid")).places == ["b"]
    case = run(text)
    assert case.do(TimerFired(token=case.at("t"))).places == ["a"]


def test_a_person_escalates_a_task() -> None:
    text = (
        "start: S\nuser: U | group=sales\nboundary: X | on=U, escalation%s\nuser: V | group=chief\nend: E\n"
        "S > U > E\nX > V > E"
    )
    case = run(text % "")
    assert case.do(TaskEscalated(token=case.at("u"))).places == ["v"]
    case = run(text % ", interrupting=no")
    assert case.do(TaskEscalated(token=case.at("u"))).places == ["u", "v"]
    with pytest.raises(ProcessError, match="no boundary escalation event"):
        case.do(TaskEscalated(token=case.at("v")))
