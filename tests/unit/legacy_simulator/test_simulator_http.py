"""The legacy systems as their callers see them: what is done can be undone, once, and the ledger tells."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.dte_files import dte

from legacy_simulator.app import create_app

type Json = dict[str, Any]

DTE = dte("N-1", kind=33)


class Systems:
    """A client in the thread of the application, whose ledger belongs to one thread."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        transport = httpx.ASGITransport(create_app(":memory:"))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://legacy")

    def get(self, path: str) -> httpx.Response:
        return self._runner.run(self._client.get(path))

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self._runner.run(self._client.post(path, **request))


@pytest.fixture
def systems() -> Iterator[Systems]:
    with asyncio.Runner() as runner:
        yield Systems(runner)


def post(systems: Systems, path: str, key: str, **body: Any) -> Json:
    answer = systems.post(path, json=body, headers={"Idempotency-Key": key})
    fields: Json = answer.json()
    return {"status": answer.status_code, **fields}


def card(systems: Systems) -> Json:
    card: Json = systems.get("/gift-card/cards/GC-1").json()
    return card


def test_a_redemption_is_reversed_once(systems: Systems) -> None:
    before = card(systems)
    redeemed = post(systems, "/gift-card/redemptions", "r", card="GC-1", amount="500", currency="CLP", order="N-1")
    assert int(card(systems)["balance"]) == int(before["balance"]) - 500

    undo = f"/gift-card/redemptions/{redeemed['redemption_id']}/reverse"
    first, again = (post(systems, undo, "u", order="N-1") for _ in range(2))

    assert first == again == {"status": 200, "reversed": redeemed["redemption_id"]}
    assert card(systems) == before


def test_a_hold_blocks_its_amount_until_it_is_redeemed(systems: Systems) -> None:
    before = int(card(systems)["balance"])
    hold = post(systems, "/gift-card/holds", "h", card="GC-1", amount="500", currency="CLP", order="N-1")
    assert card(systems) == {"balance": str(before), "available": str(before - 500)}

    post(systems, f"/gift-card/holds/{hold['hold_id']}/redeem", "r", order="N-1")

    assert card(systems) == {"balance": str(before - 500), "available": str(before - 500)}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"card": "X-1", "amount": "1"}, 422, "card_unknown"),
        ({"card": "GC-1", "amount": "999999999999"}, 422, "insufficient_funds"),
        ({"card": "GC-1", "amount": "a lot"}, 400, "amount_malformed"),
    ],
)
def test_a_redemption_is_refused_with_its_code(systems: Systems, asked: Json, status: int, code: str) -> None:
    redemption = post(systems, "/gift-card/redemptions", "r", order="N-1", **asked)

    assert (redemption["status"], redemption["code"]) == (status, code)


def test_a_missing_operation_is_not_reversed(systems: Systems) -> None:
    assert post(systems, "/gift-card/redemptions/RED-0/reverse", "u", order="N-1")["code"] == "redeem_unknown"


@pytest.mark.parametrize(("undo", "recorded"), [("release", "released"), ("cancel", "cancelled")])
def test_an_allocation_is_undone_and_the_ledger_reports(systems: Systems, undo: str, recorded: str) -> None:
    lines = [{"sku": "S-1", "quantity": "1"}]
    allocated = post(systems, "/eom/allocations", "a", order="N-1", lines=lines)["allocation_id"]

    assert post(systems, f"/eom/allocations/{allocated}/{undo}", "u", order="N-1")[recorded] == allocated
    assert [each["operation"] for each in systems.get("/control/ledger?system=eom").json()["entries"]] == [
        "allocate",
        undo,
    ]


def test_a_case_takes_notes(systems: Systems) -> None:
    case = post(systems, "/sales-support/cases", "c", order="N-1")["case_id"]

    assert post(systems, f"/sales-support/cases/{case}/notes", "n", order="N-1", text="called")["case_id"] == case


def test_a_document_is_found_by_key_and_by_folio_and_can_be_voided(systems: Systems) -> None:
    issued = systems.post("/paperless/dte", content=DTE, headers={"Idempotency-Key": "d"}).text
    assert "<Codigo>0</Codigo>" in issued

    assert systems.get("/paperless/dte/d").text == issued
    assert systems.get("/paperless/folios/33/1").text == issued
    assert "<Folio>1</Folio>" in systems.post("/paperless/folios/33/1/void").text
    assert systems.get("/paperless/folios/33/2").status_code == 404


def test_a_credit_note_is_of_the_order_that_it_names_first(systems: Systems) -> None:
    issued = systems.post("/paperless/dte", content=dte("N-1", kind=61), headers={"Idempotency-Key": "c"}).text

    assert "<TipoDTE>61</TipoDTE><Folio>1</Folio>" in issued
    [entry] = systems.get("/control/ledger?order=N-1").json()["entries"]
    assert (entry["operation"], entry["key"]) == ("issue", "c")
