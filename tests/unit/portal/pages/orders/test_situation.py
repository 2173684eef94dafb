"""How an order is and why, in one sentence, with the action that helps."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from tests.unit.portal.samples import ORDER_PAGE
from tests.unit.portal.services import FakePortal

from mtd.queries.orders.order_page import OrderPage
from portal.access.accounts import Role
from portal.pages.orders.situation import Words, marks, situation
from portal.rendering.catalogue import circuit_name, say

AT = datetime(2026, 1, 2, 9, 31, tzinfo=UTC)
WORDS = Words(
    say=partial(say, "es"),
    state=lambda state: str(state).upper(),
    circuit=partial(circuit_name, "es"),
    moment=lambda at: f"{at:%H:%M}",
    age=lambda _: "5 min",
)
INCIDENT = {"state": "allocation", "code": "no_stock", "message": "sin stock", "resolved_at": None}
TOKEN = {
    "node": "emission_dte",
    "attempts": 0,
    "leased_until": None,
    "entered_at": AT,
    "parked_for": None,
}
PAPERLESS = {"system": "paperless", "state": "open", "by_hand": False, "since": AT, "parked": 64}
FOLIOS = {"system": "folios-76123456-0-39", "state": "open", "by_hand": False, "since": AT, "parked": 7}


def page(*, incidents: Any = (), tokens: Any = (), **order: Any) -> OrderPage:
    row: dict[str, Any] = {
        "outcome": None,
        "ended_at": None,
        "suspended_at": None,
        "reason": None,
        "plan": {"nodes": []},
    }
    return replace(ORDER_PAGE, order=row | order, incidents=list(incidents), tokens=list(tokens))


@pytest.mark.parametrize(
    ("shown", "text", "tone", "action"),
    [
        (page(incidents=[INCIDENT], outcome="exception"), "Falló en ALLOCATION: sin stock (no_stock).", "bad", "retry"),
        (page(outcome="exception", reason="x"), "No pudo entrar en proceso: x", "bad", "correct"),
        (page(outcome="completed", ended_at=AT), "COMPLETED el 09:31.", "good", ""),
        (page(outcome="cancelled", ended_at=AT), "CANCELLED el 09:31.", "warn", ""),
        (page(suspended_at=AT), "Suspendida hace 5 min: no avanza hasta que alguien la reanude.", "warn", "resume"),
        (
            page(tokens=[TOKEN | {"parked_for": "paperless", "attempts": 3}]),
            "En pausa: Paperless no responde desde 09:31. 63 órdenes más esperan. Continúa sola cuando responda.",
            "warn",
            "",
        ),
        (
            page(tokens=[TOKEN | {"parked_for": FOLIOS["system"]}]),
            "En pausa: no hay folios desde 09:31 (Folios: Boleta electrónica, 76123456-0). 6 órdenes más esperan. "
            "Continúa sola cuando Paperless tenga un nuevo rango (CAF) del SII.",
            "warn",
            "",
        ),
        (page(tokens=[TOKEN | {"attempts": 1}]), "Reintenta EMISSION_DTE: 1 intento hasta ahora.", "warn", ""),
        (page(tokens=[TOKEN]), "En EMISSION_DTE desde hace 5 min.", "busy", ""),
        (page(), "Está entrando en proceso.", "busy", ""),
    ],
)
def test_the_sentence_says_how_and_why(shown: OrderPage, text: str, tone: str, action: str) -> None:
    found = situation(shown, [PAPERLESS, FOLIOS], WORDS)
    assert (found.text, found.tone, found.action) == (text, tone, action)


def test_a_system_that_somebody_paused_is_said_to_be_paused() -> None:
    shown = page(tokens=[TOKEN | {"parked_for": "paperless"}])
    found = situation(shown, [PAPERLESS | {"by_hand": True, "parked": 2}], WORDS)
    assert found.text == "En pausa: alguien pausó Paperless el 09:31. 1 orden más espera."


def test_the_diagram_marks_what_failed_what_waits_and_what_is_tried_again() -> None:
    nodes = [{"id": node, "element": node.upper()} for node in ("a", "b", "c")]
    shown = page(
        incidents=[INCIDENT | {"state": "a"}, INCIDENT | {"state": "b", "resolved_at": AT}],
        tokens=[TOKEN | {"node": "b", "parked_for": "eom"}, TOKEN | {"node": "c", "attempts": 2}],
        plan={"nodes": nodes},
    )
    assert marks(shown) == {"failed": ["A"], "parked": ["B"], "retrying": ["C"]}


def test_an_open_page_loads_itself_again_when_its_order_changes(portal: FakePortal) -> None:
    portal.read.rows["concat_ws"] = [{"stamp": "5 7"}]
    client, order = portal.client(Role.VIEWER), "00000000-0000-0000-0000-000000000007"
    same = client.get(f"/orders/{order}/changes?stamp=5+7")
    other = client.get(f"/orders/{order}/changes?stamp=5+6")
    assert (same.status_code, same.headers.get("hx-refresh")) == (204, None)
    assert (other.status_code, other.headers["hx-refresh"]) == (200, "true")
