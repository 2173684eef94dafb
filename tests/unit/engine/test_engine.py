"""The order's own process: its ways, as diagram, plan and JSON."""

from pathlib import Path

import pytest
from tests.support.cases import Run
from tests.support.orders import OrderFile

from mtd.domain.errors import ProcessError
from mtd.domain.orders import ubl
from mtd.domain.orders.facts import facts
from mtd.engine.compiler import importing
from mtd.engine.messages.naming import slug
from mtd.engine.model import plan_json
from mtd.engine.model.plan import Plan
from mtd.engine.model.tokens import TaskCompleted, TaskFailed
from mtd.usecases.processes.import_processes import MACHINES, STATES

_DIAGRAM = (Path(__file__).parents[3] / "seed" / "processes" / "purchase-order.bpmn").read_bytes()


@pytest.fixture(scope="module")
def compiled() -> Plan:
    return importing.compile_plan(_DIAGRAM, "purchase-order", STATES)


def walk(compiled: Plan, *, gift_card: str | None, fails_at: str | None = None) -> list[str]:
    """The states on the way, and the end."""
    case = Run(compiled, facts(ubl.parse_order(OrderFile(number="N-1", gift_card=gift_card).xml().encode()))).start()
    ways = []
    while case.outcome is None:
        [node] = case.places
        ways.append(node)
        token = case.at(node)
        case.do(TaskFailed(token=token) if node == fails_at else TaskCompleted(token=token))
    return [*ways, case.outcome]


_COMMON = ["allocation", "emission_dte", "sales_support", "dispatch", "completion", "completed"]


def test_the_purchase_order_with_and_without_a_gift_card(compiled: Plan) -> None:
    assert walk(compiled, gift_card=None) == ["validation", *_COMMON]
    assert walk(compiled, gift_card="GC-1") == ["validation", "gift_card", *_COMMON]


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
    assert walk(compiled, gift_card="GC-1", fails_at=state)[-3:] == [state, handler, "exception"]


def test_bindings_name_who_serves_a_task(compiled: Plan) -> None:
    assert compiled.nodes["allocation"].binding == "api:/states/allocation"
    assert compiled.nodes["control_error"].binding == "api:/errors/{failed}"
    assert compiled.nodes["dte_incident"].binding == "state_machine:dte_incident"


def test_a_plan_survives_its_json(compiled: Plan) -> None:
    assert plan_json.from_json(plan_json.to_json(compiled)) == compiled


def test_a_plan_of_the_first_format_still_runs() -> None:
    """Orders stay pinned to plans that were compiled before gateways had rules and boundary events were nodes."""

    def node(node_id: str, kind: str, *flows: tuple[str, bool | None], **more: str | None) -> dict[str, object]:
        listed = [{"to": to, "when": when} for to, when in flows]
        known = {"id": node_id, "name": node_id, "kind": kind, "element": node_id, "flows": listed}
        return {**known, "binding": None, "on_error": None, "fact": None, **more}

    document = {
        "process": "p",
        "name": "P",
        "start": "start",
        "nodes": [
            node("start", "start", ("paid", None)),
            node("paid", "exclusive", ("card", True), ("rest", False), fact="gift_card"),
            node("card", "service", ("rest", None), binding="api:/states/gift_card", on_error="broken"),
            node("rest", "end"),
            node("broken", "end"),
        ],
    }
    old = plan_json.from_json(document)

    assert Run(old, {"gift_card": False}).start().outcome == "rest"
    assert Run(old, {"gift_card": True}).start().places == ["card"]
    assert Run(old, {"gift_card": True}).start().done("card").outcome == "rest"
    failing = Run(old, {"gift_card": True}).start()
    assert failing.do(TaskFailed(token=failing.at("card"))).outcome == "broken"


def test_a_plan_of_a_later_format_is_refused(compiled: Plan) -> None:
    with pytest.raises(ProcessError, match="format 5"):
        plan_json.from_json(plan_json.to_json(compiled) | {"format": 5})


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"startEvent", b"task", "never reached|has no start|leads nowhere|until a system"),
        (b"<serviceTask", b"<task", "cannot be read"),
        (b"definitions", b"diagram", "neither a BPMN"),
        (b"errorEventDefinition", b"cancelEventDefinition", "'Validation failed' is a cancel boundary event"),
        (b"<process ", b"<!-- ", "cannot be read"),
        (b"<bizagi:Name>Fact<", b"<bizagi:Name>Other<", "gateway 'Pays with gift card\\?' has no rule"),
        (b"api:/errors/{failed}", b"email:me", "'Control error': 'email:me' is no server"),
    ],
)
def test_what_cannot_run_is_refused_by_name(old: bytes, new: bytes, reason: str) -> None:
    with pytest.raises(ProcessError, match=reason):
        importing.compile_plan(_DIAGRAM.replace(old, new), "p", STATES)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Emisión DTE", "emision_dte"),
        (" ¿Paga con Gift-Card? ", "paga_con_gift_card"),
        ("漢字", "漢字"),
        ("Проверка", "проверка"),
        ("A/B", "a_b"),
    ],
)
def test_slugs(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_the_states_are_those_of_the_api() -> None:
    openapi = (Path(__file__).parents[3] / "cloudformation" / "openapi.yaml").read_text("utf-8")
    paths = {line.strip().removesuffix(":") for line in openapi.splitlines() if line.startswith("  /states/")}

    assert paths == {f"/states/{state}" for state in STATES} | {"/states/cancellation"}


def test_the_state_machines_are_those_of_the_stacks() -> None:
    machines = Path(__file__).parents[3] / "cloudformation" / "statemachines"
    assert {path.name.removesuffix(".asl.json") for path in machines.glob("*.asl.json")} == MACHINES
