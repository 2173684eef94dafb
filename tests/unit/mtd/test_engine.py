from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtd.domain.errors import ProcessError
from mtd.engine import bpmn, interpreter, plan
from mtd.engine.plan import Flow, Kind, Node, Plan

_DIAGRAM = (Path(__file__).parents[3] / "seed" / "processes" / "purchase-order.bpmn").read_bytes()


@pytest.fixture(scope="module")
def compiled() -> Plan:
    return bpmn.compile_plan(_DIAGRAM, "purchase-order")


def walk(compiled: Plan, *, gift_card: bool, fails_at: str | None = None) -> list[str]:
    facts = {"gift_card": gift_card}
    step, visited = interpreter.start(compiled, facts), []
    while step.rests:
        [node] = step.rests
        visited.append(node)
        step = (
            interpreter.fail(compiled, node, facts) if node == fails_at else interpreter.complete(compiled, node, facts)
        )
    return [*visited, *step.ends]


_COMMON = ["allocation", "emission_dte", "sales_support", "dispatch", "completion", "completed"]


def test_the_purchase_order_with_and_without_a_gift_card(compiled: Plan) -> None:
    assert walk(compiled, gift_card=False) == ["validation", *_COMMON]
    assert walk(compiled, gift_card=True) == ["validation", "gift_card", *_COMMON]


@pytest.mark.parametrize(
    ("state", "handler"),
    [
        ("validation", "control_error"),
        ("gift_card", "control_error"),
        ("allocation", "control_error"),
        ("emission_dte", "dte_incident"),
        ("sales_support", "control_error"),
        ("dispatch", "control_error"),
        ("completion", "control_error"),
    ],
)
def test_each_state_has_its_error_way(compiled: Plan, state: str, handler: str) -> None:
    assert walk(compiled, gift_card=True, fails_at=state)[-3:] == [state, handler, "exception"]


def test_bindings_name_who_serves_a_task(compiled: Plan) -> None:
    assert compiled.nodes["allocation"].binding == "api:/states/allocation"
    assert compiled.nodes["control_error"].binding == "api:/errors/{failed}"
    assert compiled.nodes["dte_incident"].binding == "state_machine:dte_incident"


def test_a_plan_survives_its_json(compiled: Plan) -> None:
    assert plan.from_json(plan.to_json(compiled)) == compiled


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"startEvent", b"task", "cannot run"),
        (b"serviceTask", b"userTask", "cannot run"),
        (b"definitions", b"diagram", "not a BPMN"),
        (b"errorEventDefinition", b"timerEventDefinition", "not an error event"),
        (b"<process ", b"<!-- ", "cannot be read"),
    ],
)
def test_what_cannot_run_is_refused_by_name(old: bytes, new: bytes, told: str) -> None:
    with pytest.raises(ProcessError, match=told):
        bpmn.compile_plan(_DIAGRAM.replace(old, new), "p")


def test_a_gateway_without_a_fact_is_refused() -> None:
    with pytest.raises(ProcessError, match="names no fact"):
        bpmn.compile_plan(_DIAGRAM.replace(b"<bizagi:Name>Fact<", b"<bizagi:Name>Other<"), "p")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Emisión DTE", "emision_dte"), (" ¿Paga con Gift-Card? ", "paga_con_gift_card"), ("漢字", ""), ("A/B", "a_b")],
)
def test_slugs(name: str, expected: str) -> None:
    assert bpmn.slug(name) == expected


def _chain(*nodes: Node) -> Plan:
    return Plan(process="p", name="P", start=nodes[0].id, nodes={node.id: node for node in nodes})


def _gateway(name: str, *flows: Flow, fact: str | None = None) -> Node:
    return Node(id=name, name=name, kind=Kind.EXCLUSIVE, element=name, flows=flows, fact=fact)


def test_a_loop_of_gateways_does_not_hang() -> None:
    looping = _chain(_gateway("a", Flow(to="b")), _gateway("b", Flow(to="a")))

    with pytest.raises(ProcessError, match="without end"):
        interpreter.start(looping, {})


def test_unknown_facts_nodes_and_error_ways_are_told() -> None:
    task = Node(id="t", name="T", kind=Kind.SERVICE, element="t", flows=(Flow(to="gone"),))
    asking = _chain(_gateway("a", Flow(to="t", when=True), Flow(to="t"), fact="colour"), task)

    with pytest.raises(ProcessError, match="colour"):
        interpreter.start(asking, {})
    with pytest.raises(ProcessError, match="no boundary error event"):
        interpreter.fail(asking, "t", {})
    with pytest.raises(ProcessError, match="gone"):
        interpreter.complete(asking, "t", {})


@given(st.booleans())
def test_the_default_flow_takes_what_no_rule_takes(value: bool) -> None:
    end = [Node(id=name, name=name, kind=Kind.END, element=name) for name in ("yes", "rest")]
    chosen = _chain(_gateway("a", Flow(to="yes", when=True), Flow(to="rest"), fact="f"), *end)

    assert interpreter.start(chosen, {"f": value}).ends == (("yes",) if value else ("rest",))
