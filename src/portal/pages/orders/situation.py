"""How an order is and why, in one sentence, with the one action that helps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtd.domain.tax.folios import FolioSeries
from mtd.queries.orders.order_page import OrderPage

type Say = Callable[..., str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`tone` is good, bad, warn or busy; `action` is one of the order's actions, or empty where it needs none."""

    text: str
    tone: str
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The reader's words: a message of the catalogue, a state, a circuit, a moment, the time since one."""

    say: Say
    state: Callable[[str | None], str]
    circuit: Callable[[str], str]
    moment: Callable[[Any], str]
    age: Callable[[Any], str]


def situation(page: OrderPage, circuits: Sequence[Mapping[str, Any]], words: Words) -> Situation:
    """`circuits` are the legacy systems as mtd.queries.flow.circuits lists them."""
    order = page.order
    failed = [incident for incident in page.incidents if incident["resolved_at"] is None]
    if failed:
        values = {"state": words.state(failed[0]["state"]), "code": failed[0]["code"], "message": failed[0]["message"]}
        return Situation(text=words.say("situation.failed", **values), tone="bad", action="retry")
    if order["outcome"] == "exception":
        return Situation(
            text=words.say("situation.exception", reason=order["reason"] or "–"), tone="bad", action="correct"
        )
    if order["outcome"] is not None:
        tone = "good" if order["outcome"] == "completed" else "warn"
        values = {"state": words.state(order["outcome"]), "at": words.moment(order["ended_at"])}
        return Situation(text=words.say("situation.ended", **values), tone=tone)
    if order["suspended_at"] is not None:
        values = {"age": words.age(order["suspended_at"])}
        return Situation(text=words.say("situation.suspended", **values), tone="warn", action="resume")
    return _on_its_way(page, circuits, words)


def _on_its_way(page: OrderPage, circuits: Sequence[Mapping[str, Any]], words: Words) -> Situation:
    systems = {circuit["system"]: circuit for circuit in circuits}
    parked = next((token for token in page.tokens if token["parked_for"] in systems), None)
    if parked is not None:
        circuit = systems[parked["parked_for"]]
        key = "situation.paused" if circuit["state"] == "open" and circuit["by_hand"] else "situation.parked"
        if key == "situation.parked" and FolioSeries.of_circuit(circuit["system"]):
            key = "situation.short"
        values = {
            "system": words.circuit(circuit["system"]),
            "at": words.moment(circuit["since"]),
            "count": max(0, circuit["parked"] - 1),
        }
        return Situation(text=words.say(key, **values), tone="warn")
    if not page.tokens:
        return Situation(text=words.say("situation.entering"), tone="busy")
    token = max(page.tokens, key=lambda token: int(token["attempts"]))
    values = {"state": words.state(token["node"]), "age": words.age(token["entered_at"]), "count": token["attempts"]}
    if token["attempts"] and token["leased_until"] is None:
        return Situation(text=words.say("situation.retrying", **values), tone="warn")
    return Situation(text=words.say("situation.in_process", **values), tone="busy")


def marks(page: OrderPage) -> dict[str, list[str]]:
    """The diagram's elements by what is special about them: failed, parked, retrying."""
    elements = {node["id"]: node["element"] for node in page.order["plan"]["nodes"] if node.get("element")}
    nodes = {
        "failed": [incident["state"] for incident in page.incidents if incident["resolved_at"] is None],
        "parked": [token["node"] for token in page.tokens if token["parked_for"]],
        "retrying": [token["node"] for token in page.tokens if token["attempts"] and not token["parked_for"]],
    }
    return {mark: [elements[node] for node in found if node in elements] for mark, found in nodes.items()}
