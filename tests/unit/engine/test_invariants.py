"""In every drawing and after every fault, a case has ended, waits for something that can come, or names the node
where it cannot go on."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.unit.engine.test_conformance import Sketch

from mtd.domain.errors import ProcessError
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import (
    MessageReceived,
    SignalReceived,
    TaskCompleted,
    TaskFailed,
    TimerFired,
    Token,
    TokenChanges,
    Trigger,
    Waits,
    applied,
    token_from_json,
    token_json,
)
from mtd.engine.runtime import interpreter
from mtd.engine.runtime.restoring import skip
from mtd.engine.runtime.step_state import CannotGoOn

COMES = frozenset({Waits.SERVICE, Waits.PERSON, Waits.TIME, Waits.MESSAGE, Waits.SIGNAL})
ANSWERS = st.sampled_from([True, False, None, "maybe", 3])


def check(plan: Plan, tokens: dict[int, Token], changes: TokenChanges) -> None:
    """The case stands in an order's lists: with work, with an event to come, or ended."""
    assert (changes.outcome is not None) == (not tokens)
    assert not tokens or any(token.waits in COMES for token in tokens.values())
    for token in tokens.values():
        assert token.node in plan.nodes
        assert token.scope is None or token.scope in tokens
        assert token.host is None or token.host in tokens
        assert token_from_json(token_json(token)) == token


def triggers(plan: Plan, tokens: dict[int, Token]) -> list[Trigger]:
    """All that may happen to the case next."""
    found: list[Trigger] = []
    for token in tokens.values():
        code = plan.nodes[token.node].code
        if token.waits in (Waits.SERVICE, Waits.PERSON):
            found += [TaskCompleted(token=token.id, values={"again": n}) for n in (True, False, "x")]
            found += [TaskCompleted(token=token.id), TaskFailed(token=token.id)]
        elif token.waits is Waits.TIME:
            found.append(TimerFired(token=token.id))
        elif token.waits is Waits.MESSAGE and code:
            found.append(MessageReceived(message=code))
        elif token.waits is Waits.SIGNAL and code:
            found.append(SignalReceived(signal=code))
    return found


def stopped(plan: Plan, error: ProcessError) -> None:
    """It says where, unless what happened simply has no way: a failure that nothing catches."""
    if isinstance(error, CannotGoOn):
        assert error.node in plan.nodes
        assert str(error)
    else:
        assert error.code == "no_error_way"


@settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_case_is_always_somewhere_that_somebody_sees(data: st.DataObject) -> None:
    sketch = Sketch(data)
    text = sketch.process()
    facts: dict[str, Any] = {
        "order": {"lines": [{"id": str(n)} for n in range(data.draw(st.integers(0, 3)))]},
        "data": {},
    }
    for number in range(len(sketch.labels)):
        answer = data.draw(ANSWERS, label=f"rule {number}")
        if answer is not None:
            facts["data"][f"r{number}"] = answer
    rules = {label: f"data.r{number}" for number, label in enumerate(sketch.labels)}
    [report] = import_sources([Source(name="p", content=bpmn(draw(text)), sheet={"flows": rules})], ())
    assert report.plan is not None, report.reason
    plan = report.plan
    try:
        changes = interpreter.begin(plan, facts)
    except ProcessError as error:
        stopped(plan, error)
        changes = interpreter.not_begun(plan)
        [token] = changes.placed
        try:
            changes = skip(plan, {token.id: token}, token, facts)
        except ProcessError as again:
            stopped(plan, again)
            return
    tokens = applied({}, changes)
    for _ in range(25):
        check(plan, tokens, changes)
        if not tokens:
            return
        trigger = data.draw(st.sampled_from(triggers(plan, tokens)))
        before = dict(tokens)
        try:
            changes = interpreter.step(plan, tokens, trigger, facts)
        except ProcessError as error:
            stopped(plan, error)
            assert tokens == before
            continue
        facts["data"] |= changes.values
        tokens = applied(tokens, changes)
