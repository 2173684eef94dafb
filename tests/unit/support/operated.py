"""Orders as people find them, and legacy systems that have done things for them."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.orders import OrderFile
from tests.unit.support.fakes import PLAN
from tests.unit.usecases.states.test_effects import FakeLegacy, FakePaperless

from mtd.domain.errors import MtdError
from mtd.domain.json_types import Json
from mtd.domain.orders import ubl
from mtd.domain.orders.order import to_json
from mtd.engine.model.tokens import Token, Waits, token_json
from mtd.usecases.flow.effects import StateRun
from mtd.usecases.flow.tokens import LockedOrder, TokenRow
from mtd.usecases.operations.correct_order import LegacySystems
from mtd.usecases.operations.order_actions import OpenIncident, OrderUnderAction
from mtd.usecases.ports import IssuedDte

ORDER = ubl.parse_order(OrderFile(number="N-1", gift_card="GC-1").xml().encode())
ENTERED = datetime(2026, 9, 7, 10, tzinfo=UTC)
RUN = StateRun(function="operate_order", request_id="r", parallel=1)


def snapshot(*tokens: Token, goes_on: bool = False) -> Json:
    return {"tokens": [token_json(token) for token in tokens], "goes_on": goes_on}


def service(node: str, token_id: int = 1) -> Token:
    return Token(id=token_id, node=node, waits=Waits.SERVICE)


def order(*standing: Token, state: str | None = None, **other: Any) -> OrderUnderAction:
    """An order on its way with these tokens, or an exception that failed at `state`."""
    incident = OpenIncident(incident_id=7, state=state or "", snapshot=snapshot(service(state or "")))
    rows = {token.id: TokenRow(token_id=100 + token.id, version=4, token=token) for token in standing}
    suspended = other.pop("suspended", False)
    known: dict[str, Any] = {
        "order": ORDER,
        "document": to_json(ORDER),
        "number": "N-1",
        "revision": 3,
        "leased": frozenset(),
        "due_seconds": {row.token_id: 30.0 for row in rows.values()},
        "plan": PLAN,
        "entered_at": {row.token_id: ENTERED for row in rows.values()},
        "process_version_id": 1,
        "outcome": None if standing else "exception",
        "incidents": (incident,) if state else (),
        "locked": LockedOrder(
            zone=UTC, order_id=ORDER.order_id, rows=rows, values={}, order=ORDER, suspended=suspended
        ),
    }
    return OrderUnderAction(**{**known, **other})


@dataclass(slots=True)
class FakeCards(FakeLegacy):
    """Answers as each system would; `refuses` operations by their path's last part."""

    refuses: dict[str, MtdError] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Json | None, idempotency_key: str | None) -> Json:
        if method == "POST" and (error := self.refuses.get(path.rpartition("/")[2])) is not None:
            raise error
        return FakeLegacy.call(self, method, path, body, idempotency_key)


def systems(order_id: uuid.UUID, *made: str) -> LegacySystems:
    """Systems that have made these effects."""
    results = {
        "redeem": {"redemption_id": "R"},
        "allocate": {"allocation_id": "A"},
        "ship": {"shipment_id": "S"},
        "open": {"case_id": "C"},
    }
    done = {f"{order_id}:{each}": results[each] for each in made if each in results}
    issued = {f"{order_id}:dte": IssuedDte(document_type=39, folio=8, issued_at="2026-11-20")}
    return LegacySystems(
        gift_cards=FakeCards(done=dict(done)),
        eom=FakeCards(done=dict(done)),
        sales_support=FakeCards(done=dict(done)),
        paperless=FakePaperless(issued=issued if "dte" in made else {}),
    )
