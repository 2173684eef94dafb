"""Tokens put back to where they stood: exactly, whatever the process has under way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.bpmn_files import bpmn
from tests.support.cases import run
from tests.support.diagrams import draw

from mtd.domain.errors import ProcessError
from mtd.engine.compiler import importing
from mtd.engine.model.plan import NodeKind, Plan
from mtd.engine.model.tokens import TaskCompleted, TaskFailed, TimerFired, Token, TokenChanges, Waits, applied
from mtd.engine.runtime.interpreter import begin, step
from mtd.engine.runtime.restoring import difference, move, moved_tokens, put_back, renumbered, skip

SERVERS = frozenset("abcdefg")
CASE = """
    start: S
    and: Split
    sub: Pack {
        start: Begin
        and: Both
        service: A | binding=api:/states/a
        service: B | binding=api:/states/b
        and: Joined
        end: Packed
        Begin > Both > A > Joined > Packed
        Both > B > Joined
    }
    boundary: Pack failed | on=Pack, error=failed
    boundary: Too late | on=Pack, time=PT2H
    service: C | binding=api:/states/c
    boundary: C failed | on=C, error=failed
    and: Join
    service: D | binding=api:/states/d
    service: Wrong | binding=api:/states/e
    service: Late | binding=api:/states/f
    end: Good
    end: Bad
    S > Split > Pack > Join > D > Good
    Split > C > Join
    Pack failed > Wrong > Bad
    C failed > Wrong
    Too late > Late > Bad
"""


def plan_of(text: str) -> Plan:
    return importing.compile_plan(bpmn(draw(text)), "test", SERVERS)


PLAN = plan_of(CASE)


def started() -> dict[int, Token]:
    return applied({}, begin(PLAN, {}))


def at(tokens: dict[int, Token], node: str) -> Token:
    return next(token for token in tokens.values() if token.node == node)


def places(tokens: dict[int, Token]) -> list[tuple[Any, ...]]:
    """The tokens at each node, by names instead of ids."""

    def name(token_id: int | None) -> str | None:
        return None if token_id is None else tokens[token_id].node

    return sorted((t.node, t.waits.value, name(t.scope) or "", name(t.host) or "", t.item) for t in tokens.values())


def test_a_sub_process_that_failed_is_put_back_with_all_inside_and_its_armed_timer() -> None:
    before = started()
    changes = step(PLAN, before, TaskFailed(token=at(before, "a").id), {})
    after = applied(before, changes)
    assert {token.node for token in after.values()} == {"wrong", "c"}

    stood = moved_tokens(before, changes)
    left = {token_id: token for token_id, token in after.items() if token.node != "wrong"}
    restored = put_back(PLAN, left, stood)

    assert places(restored) == places(before)
    assert {token.node for token in stood} == {"pack", "a", "b", "too_late"}


def test_ids_that_others_have_taken_meanwhile_are_given_anew() -> None:
    gone = [
        Token(id=1, node="pack", waits=Waits.INSIDE),
        Token(id=2, node="a", waits=Waits.SERVICE, scope=1),
        Token(id=3, node="too_late", waits=Waits.TIME, host=1),
    ]
    standing = {1: Token(id=1, node="c", waits=Waits.SERVICE), 3: Token(id=3, node="d", waits=Waits.SERVICE)}

    pack, a, late = renumbered(standing, gone)

    assert len({1, 3, pack.id, a.id, late.id}) == 5
    assert (a.scope, late.host) == (pack.id, pack.id)


def test_no_place_is_taken_twice() -> None:
    tokens = started()

    with pytest.raises(ProcessError, match="stands at 'c' already"):
        put_back(PLAN, tokens, [Token(id=9, node="c", waits=Waits.SERVICE)])
    with pytest.raises(ProcessError, match="has ended meanwhile"):
        put_back(PLAN, {}, [Token(id=2, node="a", waits=Waits.SERVICE, scope=1)])
    with pytest.raises(ProcessError, match="has ended meanwhile"):
        put_back(
            PLAN, {1: Token(id=1, node="c", waits=Waits.SERVICE)}, [Token(id=2, node="a", waits=Waits.SERVICE, scope=1)]
        )


def test_a_skipped_step_counts_as_done_and_a_skipped_sub_process_goes_with_all_inside() -> None:
    tokens = started()

    one = applied(tokens, skip(PLAN, tokens, at(tokens, "a"), {}))
    assert {token.node for token in one.values()} == {"pack", "too_late", "joined", "b", "c"}
    whole = applied(tokens, skip(PLAN, tokens, at(tokens, "pack"), {}))
    assert {token.node for token in whole.values()} == {"join", "c"}


def test_an_order_is_moved_within_its_own_scope_to_steps_only() -> None:
    tokens = started()
    c, a = at(tokens, "c"), at(tokens, "a")

    moved = applied(tokens, move(PLAN, tokens, c, "wrong", {}))
    assert at(moved, "wrong").id == c.id
    for token, target, code in (
        (c, "a", "cannot_move"),
        (a, "d", "cannot_move"),
        (c, "join", "cannot_move"),
        (c, "good", "cannot_move"),
        (c, "nowhere", "no_such_node"),
        (at(tokens, "too_late"), "d", "cannot_move"),
    ):
        with pytest.raises(ProcessError) as refused:
            move(PLAN, tokens, token, target, {})
        assert refused.value.code == code


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=25))
def test_whatever_fails_and_is_put_back_no_place_has_two_tokens_and_the_case_can_end(
    deeds: list[tuple[int, int]],
) -> None:
    tokens, ended = started(), False
    for which, kind in deeds:
        working = [t for t in tokens.values() if t.waits in (Waits.SERVICE, Waits.TIME)]
        if not working:
            ended = True
            break
        token = working[which % len(working)]
        tokens = _deed(tokens, token, kind)
        own = [(t.node, t.scope, t.host, t.item) for t in tokens.values() if t.waits is not Waits.JOIN]
        assert len(own) == len(set(own))
        assert all(t.scope is None or t.scope in tokens for t in tokens.values())
    while not ended and (working := [t for t in tokens.values() if t.waits is Waits.SERVICE]):
        changes = skip(PLAN, tokens, working[0], {})
        tokens, ended = applied(tokens, changes), changes.outcome is not None
    assert ended


def _deed(tokens: dict[int, Token], token: Token, kind: int) -> dict[int, Token]:
    """Done, or failed and put back, or failed, then skipped or moved."""
    try:
        if token.waits is Waits.TIME:
            changes = step(PLAN, tokens, TimerFired(token=token.id), {})
        elif kind == 0 or token.node in ("d", "wrong", "late"):
            # The end of all is not this test's: what fails before it is.
            return tokens
        elif kind == 1:
            return applied(tokens, step(PLAN, tokens, TaskCompleted(token=token.id), {}))
        else:
            changes = step(PLAN, tokens, TaskFailed(token=token.id), {})
    except ProcessError as error:
        if error.code != "deadlock":
            raise
        return tokens
    after = applied(tokens, changes)
    way = {t.id for t in changes.placed if PLAN.nodes[t.node].kind is NodeKind.SERVICE}
    left = {token_id: each for token_id, each in after.items() if token_id not in way}
    restored = put_back(PLAN, left, moved_tokens(tokens, changes))
    assert places(restored) == places(tokens)
    return applied(left, difference(left, restored, TokenChanges()))


def test_a_move_that_leaves_a_join_waiting_for_ever_is_refused() -> None:
    case = run("start: S\nand: F\nservice: A\nservice: B\nand: J\nservice: C\nend: E\nS > F > A > J > C > E\nF > B > J")
    token = case.tokens[case.at("b")]
    with pytest.raises(ProcessError, match="waits for a token that cannot come") as refused:
        move(case.plan, case.tokens, token, "c", case.known)
    assert refused.value.code == "deadlock"
