"""Crashes between two steps: what was committed goes on, what was not is done again, nothing is done twice."""

import json
import uuid

from tests.integration.system import System, until
from tests.support.orders import OrderFile

# A crash leaves the rows of a registered order, its token as given, and no message in any queue.
_LEFT_BEHIND = """
with template as (select * from orders where number = %s limit 1),
made as (
    insert into orders (order_id, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document,
                        content_hash, process_version_id, source)
    select %s::uuid, %s, seller_id, seller_name, buyer_id, buyer_name, currency, total,
           jsonb_set(document, '{number}', to_jsonb(%s::text)), content_hash, process_version_id, source from template
    returning order_id
)
insert into tokens (order_id, node, attempts, leased_until, due_at)
select order_id, %s, %s, now() + %s::interval, now() - interval '1 minute' from made
returning token_id, version
"""


def _left_behind(
    system: System, number: str, node: str, *, attempts: int = 0, lease: str | None = None
) -> dict[str, int]:
    model = f"{number}-model"
    system.put(OrderFile(number=model).xml(), f"{model}.xml")
    until(lambda: system.order(model), bool)
    identifier = str(uuid.uuid4())
    [token] = system.sql(_LEFT_BEHIND, model, identifier, number, number, node, attempts, lease)
    return {"token_id": token["token_id"], "version": token["version"]}


def test_a_crash_between_commit_and_send_is_made_good_by_the_relay(system: System, number: str) -> None:
    token = _left_behind(system, number, "validation")
    system.sql(
        "insert into outbox (destination, body, created_at) values ('transitions', %s, now() - interval '1 minute')",
        json.dumps({"tokens": [token]}),
    )

    system.invoke("relay_outbox", {})

    system.ended(number, "completed")
    assert len(system.done("paperless", "issue", number)) == 1


def test_a_crash_under_lease_is_taken_up_again(system: System, number: str) -> None:
    _left_behind(system, number, "allocation", attempts=1, lease="-10 seconds")

    system.invoke("relay_outbox", {})

    order = system.ended(number, "completed")
    assert order["state"] == "completed"
    assert len(system.done("eom", "allocate", number)) == 1


def test_a_token_under_lease_is_left_alone(system: System, number: str) -> None:
    token = _left_behind(system, number, "allocation", attempts=1, lease="1 hour")

    status, answer = system.call("POST", "/states/allocation", {"tokens": [token]})

    assert (status, answer["skipped"], answer["done"]) == (200, 1, 0)
    assert system.done("eom", "allocate", number) == []


def test_a_doubled_or_stale_message_changes_nothing(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")
    token = _left_behind(system, f"{number}-b", "validation")

    answers = [system.call("POST", "/states/validation", {"tokens": [token, token]})[1] for _ in range(3)]

    assert sum(answer["done"] for answer in answers) == 1
    system.ended(f"{number}-b", "completed")
    assert len(system.done("paperless", "issue", f"{number}-b")) == 1


def test_a_message_for_another_state_is_a_no_op(system: System, number: str) -> None:
    token = _left_behind(system, number, "validation", lease="1 hour")

    _, answer = system.call("POST", "/states/emission_dte", {"tokens": [token]})

    assert answer["skipped"] == 1
    assert system.done("paperless", "issue", number) == []


def test_events_cannot_be_changed(system: System) -> None:
    import psycopg
    import pytest

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        system.sql("update events set what = 'nothing'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        system.sql("delete from events")
