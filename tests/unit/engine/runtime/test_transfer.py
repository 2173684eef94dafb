"""Orders over to another version: what the engine carries, refuses and arms; what was carried can go on to its end."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.support.cases import Run, plan_of, run

from mtd.domain.errors import ProcessError
from mtd.engine.model.plan import NodeKind
from mtd.engine.model.tokens import MessageReceived, TaskCompleted, TimerFired, Token, Waits
from mtd.engine.runtime.transfer import NodeMapping, VersionTransfer

STRAIGHT = "start: S\nservice: A\nuser: P | group=g\nservice: B\nend: E\nS > A > P > B > E"
RENAMED = "start: S\nservice: C\nuser: P | group=g\nservice: B\nservice: D\nend: E\nS > C > P > B > D > E"
SPLIT = "start: S\nand: F\nservice: A\nservice: B\nand: J\nservice: C\nend: E\nS > F > A > J > C > E\nF > B > J"
WIDER = (
    "start: S\nand: F\nservice: A\nservice: B\nservice: D\nand: J\nservice: C\nend: E\n"
    "S > F > A > J > C > E\nF > B > J\nF > D > J"
)
NARROWER = "start: S\nservice: A\nand: F\nservice: B\nservice: C\nand: J\nend: E\nS > A > F > B > J > E\nF > C > J"
PACK = """
    start: S
    sub: Pack {
        start: s
        service: A
        end: e
        s > A > e
    }
    boundary: Late | on=Pack, time=PT1H%s
    service: B
    end: E
    end: L
    S > Pack > E
    Late > B > L
"""
PLAIN = "start: S\nsub: Pack {\nstart: s\nservice: A\nend: e\ns > A > e\n}\nend: E\nS > Pack > E"
WAITING = (
    "start: S\nevent: G\ncatch: Paid | message=paid\ncatch: Wait | time=%s\nend: E\nS > G > Paid > E\nG > Wait > E"
)


def carried(old: Run, new: str, nodes: Mapping[str, str] | None = None, **sheet: Any) -> dict[int, Token]:
    return VersionTransfer(old.plan, plan_of(new, **sheet), NodeMapping(nodes=nodes or {})).carry(old.tokens)


def refusal(old: Run, new: str, nodes: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ProcessError) as refused:
        carried(old, new, nodes)
    return refused.value.code


def places(tokens: Mapping[int, Token]) -> list[str]:
    return sorted(token.node for token in tokens.values())


def test_a_node_keeps_its_name_or_gets_the_mapped_one() -> None:
    assert places(carried(run(STRAIGHT), RENAMED, {"a": "c"})) == ["c"]
    assert places(carried(run(STRAIGHT).done("a"), RENAMED)) == ["p"]


@pytest.mark.parametrize(
    ("old", "new", "nodes", "code"),
    [
        (run(STRAIGHT), RENAMED, {}, "node_unmapped"),
        (run(STRAIGHT), RENAMED, {"a": "p"}, "kind_differs"),
        (run(STRAIGHT), PACK % "", {}, "scope_differs"),
        (run(SPLIT), WIDER, {}, "deadlock"),
        (run(SPLIT).done("a"), WIDER, {}, "deadlock"),
        (run(WIDER).done("a", "b"), SPLIT, {"d": "c"}, "join_is_full"),
        (run(SPLIT).done("a"), NARROWER, {}, "flow_unmapped"),
    ],
)
def test_what_has_no_place_in_the_new_version_stays(old: Run, new: str, nodes: dict[str, str], code: str) -> None:
    assert refusal(old, new, nodes) == code


def test_a_half_full_join_is_carried_with_the_way_that_has_come() -> None:
    renamed = SPLIT.replace("service: A", "service: D").replace("> A >", "> D >")
    tokens = carried(run(SPLIT).done("a"), renamed, {"a": "d"})

    [waiting] = [token for token in tokens.values() if token.waits is Waits.JOIN]
    assert waiting.via == "D-J"
    assert Run(plan_of(renamed), tokens=tokens).done("b", "c").outcome == "e"


def test_events_are_kept_dropped_and_armed_as_the_new_version_has_them() -> None:
    old = run(PACK % "")
    kept = carried(old, PACK % "")
    assert kept == old.tokens
    without = carried(old, PLAIN)
    assert places(without) == ["a", "pack"]
    [armed] = [t for t in carried(Run(plan_of(PLAIN), tokens=without), PACK % "").values() if t.host]
    assert (armed.node, armed.waits) == ("late", Waits.TIME)


def test_an_event_that_has_happened_is_not_armed_again() -> None:
    old = run(PACK % ", interrupting=no")
    old.do(TimerFired(token=old.at("late")))

    assert places(carried(old, PACK % ", interrupting=no")) == ["a", "b", "pack"]


def test_an_event_of_another_trigger_takes_the_place_of_the_old_one() -> None:
    new = PACK.replace("time=PT1H%s", "message=hurry")
    [armed] = [token for token in carried(run(PACK % ""), new).values() if token.host]

    assert (armed.node, armed.waits) == ("late", Waits.MESSAGE)


def test_a_gateway_waits_for_the_new_versions_events() -> None:
    old = run(WAITING % "PT1H")
    assert carried(old, WAITING % "PT2H") == old.tokens
    more = WAITING.replace("end: E", "catch: More | message=more\nend: E") + "\nG > More > E"
    assert places(carried(old, more % "PT1H")) == ["g", "more", "paid", "wait"]


def test_back_again_by_single_tokens_is_what_it_was() -> None:
    both = "start: S\nand: F\nservice: A\nservice: B\nand: J\nend: E\nS > F > A > J > E\nF > B > J"
    merged = both.replace("service: B\n", "").replace("F > B > J", "F > C > J") + "\nservice: C"
    old = run(both)
    forth = carried(old, merged, {"b": "c"})

    own = {token.id: token.node for token in old.tokens.values()}
    back = VersionTransfer(plan_of(merged), old.plan, NodeMapping()).carry(forth, own)

    assert back == old.tokens


# Pairs of versions between which orders at any point may be asked to go.
_VERSIONS = (STRAIGHT, RENAMED, SPLIT, WIDER, NARROWER, PACK % "", PACK % ", interrupting=no", WAITING % "PT1H")


_REFUSALS = {"node_unmapped", "kind_differs", "scope_differs", "flow_unmapped", "join_is_full", "deadlock"}


def _wanderers(seed: int) -> Iterator[tuple[Run, str]]:
    rand = random.Random(seed)
    for _ in range(90):
        old = run(rand.choice(_VERSIONS))
        for _ in range(rand.randrange(5)):
            if old.outcome is None:
                _go(old, rand)
        if old.outcome is None:
            yield old, rand.choice(_VERSIONS)


def _go(case: Run, rand: random.Random) -> None:
    able = [token for token in case.tokens.values() if token.waits not in (Waits.JOIN, Waits.INSIDE)]
    token = rand.choice(able)
    node = case.plan.nodes[token.node]
    if token.waits is Waits.MESSAGE:
        case.do(MessageReceived(message=node.code or ""))
    else:
        case.do(TimerFired(token=token.id) if token.waits is Waits.TIME else TaskCompleted(token=token.id))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_carried_reaches_an_end_of_the_new_version(seed: int) -> None:
    moved = 0
    refused: set[str] = set()
    for old, new in _wanderers(seed):
        rand = random.Random(seed)
        names = {
            node.id: rand.choice(found)
            for node in old.plan.nodes.values()
            if (found := [n.id for n in plan_of(new).nodes.values() if n.kind is node.kind])
            and node.kind is NodeKind.SERVICE
        }
        try:
            tokens = carried(old, new, names)
        except ProcessError as error:
            refused.add(error.code)
            continue
        moved += 1
        case = Run(plan_of(new), tokens=tokens)
        for _ in range(50):
            if case.outcome is not None:
                break
            _go(case, rand)
        assert case.outcome in {"e", "l"}
    assert moved > 4
    assert refused < _REFUSALS
