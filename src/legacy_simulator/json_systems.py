"""The three systems with JSON APIs: Gift card, EOM and Sales Support."""

import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from legacy_simulator.faults import Broken, Refusal
from legacy_simulator.performing import Simulator

type Json = dict[str, Any]
type Do = Callable[[Json, Request], Json]

_DEFAULT_BALANCE = "100000000"
_WAREHOUSES = ("CD Pudahuel", "CD Lampa", "Tienda Costanera")


def _identifier(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def routes(simulator: Simulator) -> list[Route]:
    """All routes of the three systems."""

    def operation(system: str, name: str, path: str, do: Do) -> Route:
        async def endpoint(request: Request) -> JSONResponse:
            try:
                body = await request.json() if await request.body() else {}
                if not isinstance(body, dict):
                    raise ValueError
            except ValueError:
                return _error(400, "body_malformed", "the body must be a JSON object")
            key = request.headers.get("idempotency-key", "")
            try:
                result = await simulator.perform(system, name, key, body.get("order"), body, lambda: do(body, request))
            except Refusal as refusal:
                return _error(refusal.status, refusal.code, refusal.message)
            except Broken as broken:
                return _error(broken.status, "unavailable", "the system is not available")
            return JSONResponse(result)

        return Route(f"/{system.replace('_', '-')}{path}", endpoint, methods=["POST"])

    def recovery(system: str) -> Route:
        async def endpoint(request: Request) -> JSONResponse:
            try:
                result = await simulator.recover(system, request.path_params["key"])
            except Refusal as refusal:
                return _error(refusal.status, refusal.code, refusal.message)
            except Broken as broken:
                return _error(broken.status, "unavailable", "the system is not available")
            return JSONResponse(result) if result else _error(404, "unknown", "no operation has that key")

        return Route(f"/{system.replace('_', '-')}/operations/{{key}}", endpoint)

    cards = _GiftCards(simulator)
    return [
        Route("/gift-card/cards/{number}", cards.balance),
        operation("gift_card", "hold", "/holds", cards.hold),
        operation("gift_card", "redeem", "/holds/{hold_id}/redeem", cards.redeem_hold),
        operation("gift_card", "redeem", "/redemptions", cards.redeem),
        operation("gift_card", "reverse", "/redemptions/{redemption_id}/reverse", cards.reverse),
        operation("eom", "allocate", "/allocations", _allocate),
        operation(
            "eom", "release", "/allocations/{id}/release", lambda _, request: {"released": request.path_params["id"]}
        ),
        operation(
            "eom", "cancel", "/allocations/{id}/cancel", lambda _, request: {"cancelled": request.path_params["id"]}
        ),
        operation("eom", "ship", "/shipments", _ship(simulator)),
        operation("sales_support", "open", "/cases", _open_case),
        operation(
            "sales_support", "annotate", "/cases/{id}/notes", lambda _, request: {"case_id": request.path_params["id"]}
        ),
        *(recovery(system) for system in ("gift_card", "eom", "sales_support")),
    ]


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": message}, status)


def _allocate(body: Json, _: Request) -> Json:
    lines = body.get("lines") or []
    missing = [line.get("sku", "") for line in lines if str(line.get("sku", "")).startswith("NO-STOCK")]
    if not lines:
        raise Refusal("no_lines", "there is nothing to allocate")
    if missing:
        raise Refusal("out_of_stock", f"no stock of {', '.join(missing)}")
    return {
        "allocation_id": _identifier("ALL"),
        "warehouse": _WAREHOUSES[len(str(body.get("order"))) % len(_WAREHOUSES)],
    }


def _open_case(_: Json, __: Request) -> Json:
    return {"case_id": _identifier("CASE")}


def _ship(simulator: Simulator) -> Do:
    def ship(body: Json, _: Request) -> Json:
        if simulator.ledger.find("eom", str(body.get("allocation_key"))) is None:
            raise Refusal("not_allocated", "the order has no allocation to ship")
        return {"shipment_id": _identifier("SHP"), "carrier": "Correos de Chile"}

    return ship


class _GiftCards:
    """Cards exist when their number starts with GC-; balances are set over the control API."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._db = simulator.ledger.db

    async def balance(self, request: Request) -> JSONResponse:
        """GET /gift-card/cards/{number}"""
        try:
            balance, held = self._card(request.path_params["number"])
        except Refusal as refusal:
            return _error(404, refusal.code, refusal.message)
        return JSONResponse({"balance": str(balance), "available": str(balance - held)})

    def hold(self, body: Json, _: Request) -> Json:
        number, amount, balance, held = self._asked(body)
        self._set(number, balance, held + amount)
        return {"hold_id": _identifier("HLD"), "card": number, "amount": str(amount)}

    def redeem(self, body: Json, _: Request) -> Json:
        number, amount, balance, held = self._asked(body)
        self._set(number, balance - amount, held)
        return {"redemption_id": _identifier("RED"), "card": number, "amount": str(amount)}

    def redeem_hold(self, _: Json, request: Request) -> Json:
        hold = self._result("hold", "hold_id", request.path_params["hold_id"])
        amount = Decimal(hold["amount"])
        balance, held = self._card(hold["card"])
        self._set(hold["card"], balance - amount, held - amount)
        return {"redemption_id": _identifier("RED"), "card": hold["card"], "amount": hold["amount"]}

    def reverse(self, _: Json, request: Request) -> Json:
        redemption = self._result("redeem", "redemption_id", request.path_params["redemption_id"])
        balance, held = self._card(redemption["card"])
        self._set(redemption["card"], balance + Decimal(redemption["amount"]), held)
        return {"reversed": redemption["redemption_id"]}

    def _asked(self, body: Json) -> tuple[str, Decimal, Decimal, Decimal]:
        """The card and amount of the request, the card's balance and its held part. Raises Refusal."""
        number = str(body.get("card"))
        try:
            amount = Decimal(str(body.get("amount")))
        except InvalidOperation:
            raise Refusal("amount_malformed", "amount is not a number", 400) from None
        balance, held = self._card(number)
        if balance - held < amount:
            raise Refusal("insufficient_funds", f"the card has {balance - held}, {amount} is needed")
        return number, amount, balance, held

    def _card(self, number: str) -> tuple[Decimal, Decimal]:
        if not number.startswith("GC-"):
            raise Refusal("card_unknown", "no such card")
        row = self._db.execute("select balance, held from cards where number = ?", (number,)).fetchone()
        balance, held = row or (_DEFAULT_BALANCE, "0")
        return Decimal(balance), Decimal(held)

    def _set(self, number: str, balance: Decimal, held: Decimal) -> None:
        self._db.execute(
            "insert into cards (number, balance, held) values (?, ?, ?)"
            " on conflict (number) do update set balance = excluded.balance, held = excluded.held",
            (number, str(balance), str(held)),
        )

    def _result(self, operation: str, field: str, identifier: str) -> Json:
        results = self._simulator.ledger.find_result(operation, field, identifier)
        if results:
            return results[0]
        raise Refusal(f"{operation}_unknown", f"no {operation} {identifier}")
