"""An incident keeps enough of a failure that a retry puts back the failed tokens and nothing else."""

import json
from dataclasses import replace
from typing import Any

from tests.unit.support.fakes import FakeStore, leased
from tests.unit.support.operated import RUN, service, snapshot

from mtd.domain.errors import BusinessError
from mtd.engine.model.tokens import Token, Waits, token_json
from mtd.usecases.flow.changes import IncidentUpdate, OrderEnd
from mtd.usecases.flow.control_error import control_error
from mtd.usecases.flow.run_state import run_state
from mtd.usecases.flow.tokens import TokenReference, TokenRow
from mtd.usecases.states.dte_incident import notify_dte_incident, register_dte_incident


def test_the_incident_keeps_the_orders_tokens_and_the_request() -> None:
    asked = {"path": "/allocations"}

    def refuse(_: object) -> Any:
        raise BusinessError("no", code="out_of_stock", payload=asked)

    store = FakeStore(tokens=[one := leased("allocation")])
    run_state("allocation", [TokenReference(token_id=1, version=3)], refuse, store, RUN)
    [move] = store.committed[1].moved_tokens
    store = FakeStore(tokens=[replace(one, node="control_error", data=json.loads(json.dumps(move.place.data)))])
    run_state("control_error", [TokenReference(token_id=1, version=3)], control_error, store, RUN)

    [incident] = store.committed[1].incidents
    assert (incident.kind, incident.payload) == ("refused", asked)
    assert incident.snapshot == snapshot(service("allocation"))


def test_the_incident_of_a_tax_document_keeps_the_tokens_that_its_error_way_consumed() -> None:
    failure = {"failed": "emission_dte", "code": "CAF", "message": "no", "stood": [token_json(service("emission_dte"))]}
    one = leased("dte_incident", data=failure)
    store = FakeStore(tokens=[one], beside=[TokenRow(token_id=9, version=1, token=service("dispatch", 2))])
    register_dte_incident(TokenReference(token_id=1, version=3), store, RUN)
    assert store.committed[1].incidents[0].snapshot == snapshot(service("emission_dte"), goes_on=True)

    notify_dte_incident(TokenReference(token_id=1, version=3), store, RUN)

    # The other branch goes on: only what failed is put back.
    assert store.committed[1].incident_updates == [
        IncidentUpdate(token_id=1, snapshot=snapshot(service("emission_dte")))
    ]


def test_an_order_whose_error_way_leads_nowhere_keeps_the_failure_that_brought_it_there() -> None:
    failure = {"failed": "allocation", "code": "gone", "message": "no", "stood": [token_json(service("allocation"))]}
    join = TokenRow(token_id=9, version=1, token=Token(id=2, node="paid", waits=Waits.JOIN, via="f"))
    store = FakeStore(tokens=[one := leased("control_error", data=failure)], beside=[join])

    run_state("control_error", [TokenReference(token_id=1, version=3)], control_error, store, RUN)

    [incident] = store.committed[1].incidents
    assert (incident.state, incident.code) == ("allocation", "gone")
    assert store.committed[1].order_ends == [
        OrderEnd(order_id=one.order_id, outcome="exception", reason="allocation: no (gone)")
    ]
    assert incident.snapshot == snapshot(join.token, service("allocation"))
