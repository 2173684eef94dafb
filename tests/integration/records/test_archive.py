"""The archive in the running system: an order that ended long ago is found, verified and erased there."""

import json
import uuid

import psycopg
import pytest

from tests.integration.records.conftest import mtd
from tests.integration.system import Json, System, until
from tests.support.orders import OrderFile

# One archived order for all of them.
pytestmark = pytest.mark.xdist_group("archive")

# A completed order as if all of it had happened three days ago.
_OLDER = """
with template as (select * from orders where number = %s),
made as (
    insert into orders (order_id, number, seller_id, seller_name, buyer_id, buyer_name, currency, total, document,
                        content_hash, process_version_id, source, received_at, ended_at, outcome)
    select %s::uuid, %s, seller_id, seller_name, buyer_id, buyer_name, currency, total,
           jsonb_set(document, '{buyer,email}', to_jsonb(%s::text)), content_hash, process_version_id, source,
           received_at - interval '3 days', ended_at - interval '3 days', outcome
    from template
)
insert into events (order_id, at, who, source, what, from_state, to_state, ms, request_id, detail)
select %s::uuid, e.at - interval '3 days', e.who, e.source, e.what, e.from_state, e.to_state, e.ms, e.request_id,
       e.detail || jsonb_build_object('told', %s::text)
from events e join template using (order_id) order by e.position
"""


@pytest.fixture(scope="module")
def mail() -> str:
    return f"ana.{uuid.uuid4().hex[:8]}@example.cl"


@pytest.fixture(scope="module")
def archived(system: System, mail: str) -> Json:
    """An order in the archive: its number, id and object."""
    number, order_id = f"R-{uuid.uuid4().hex[:12]}", str(uuid.uuid4())
    model = f"{number}-model"
    system.put(OrderFile(number=model).xml(), f"{model}.xml")
    system.ended(model, "completed")
    until(lambda: system.mails(model), bool)
    system.sql(_OLDER, model, order_id, number, mail, order_id, f"mail to {mail}")
    before = system.get(f"/orders/{number}")

    answer = system.invoke("keep_records", {"archive_months": 0})

    assert answer["archived"]["orders"] >= 1
    [row] = system.sql("select archive_key, document, archived_at from orders where order_id = %s::uuid", order_id)
    assert row["archived_at"]
    return {"number": number, "order_id": order_id, "key": row["archive_key"], "before": before, **row}


def test_archived_orders_are_found_as_before(system: System, archived: Json, mail: str) -> None:
    number, order_id = archived["number"], archived["order_id"]
    assert system.sql("select event_id from events where order_id = %s::uuid", order_id) == []
    assert set(archived["document"]) == {"buyer", "seller"}

    after = system.get(f"/orders/{number}")
    assert after["events"] == archived["before"]["events"]
    assert [row["number"] for row in system.rows(number)] == [number]
    assert mtd(system, "order", number)["state"] == "completed"
    status, line = system.call("GET", f"/archive/{order_id}")
    assert (status, line["order"]["document"]["buyer"]["email"]) == (200, mail)
    assert mtd(system, "audit", "verify", "--order", number)["broken"] == []


def test_an_order_that_the_archive_lacks_is_not_found(system: System) -> None:
    assert system.call("GET", f"/archive/{uuid.uuid4()}")[0] == 404
    assert system.call("GET", "/archive/x")[0] == 400


def test_nothing_is_done_to_what_is_in_the_archive(system: System, archived: Json) -> None:
    asked = {"action": "cancel", "person": "me", "reason": "test", "numbers": [archived["number"]]}
    status, operation = system.call("POST", "/operations", asked)

    assert (status, [item["code"] for item in operation["items"]]) == (200, ["order_archived"])


def test_later_events_follow_the_archived_ones(system: System, archived: Json) -> None:
    late = "insert into events (order_id, who, source, what) values (%s::uuid, 'x', 'y', 'came late')"
    system.sql(late, archived["order_id"])

    assert system.get(f"/orders/{archived['number']}")["events"][-1]["what"] == "came late"
    assert mtd(system, "audit", "verify", "--order", archived["number"])["broken"] == []


def test_events_are_not_deleted_before_they_are_archived_and_sealed(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")

    with pytest.raises(psycopg.errors.ObjectInUse, match="not archived"):
        system.sql("select records.forget_events(array(select order_id from orders where number = %s))", number)
    for statement in (
        "set role mtd_records; delete from orders",
        "set role mtd_records; insert into events default values",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            system.sql(statement)


def test_a_person_is_erased_and_the_audit_holds(system: System, archived: Json, mail: str) -> None:
    """After the others: the object of the archive is another one then."""
    number, order_id = archived["number"], archived["order_id"]

    assert mtd(system, "erase", "--person", mail.upper(), "--reason", "request 7")["orders"] == 1

    [row] = system.sql("select * from orders where order_id = %s::uuid", order_id)
    assert row["archive_key"] != archived["key"]
    status, line = system.call("GET", f"/archive/{order_id}")
    written = json.dumps([line, system.get(f"/orders/{number}"), row], default=str)
    assert status == 200
    assert mail not in written
    assert line["order"]["buyer_name"] == row["buyer_name"] == "erased"
    assert line["order"]["document"]["lines"]
    versions = system.aws("s3").list_object_versions(
        Bucket=system.state["outputs"]["ArchiveBucket"], Prefix=archived["key"]
    )
    assert "Versions" not in versions
    assert mtd(system, "audit", "verify", "--order", number)["broken"] == []
    pages, after = [], "archive "
    while after is not None:
        pages.append(system.get(f"/audit?after={after.replace(' ', '%20')}"))
        after = pages[-1]["next"]
    assert [each for page in pages for each in page["broken"] if each["number"] == number] == []
    assert system.call("POST", "/erasures", {"whom": mail, "person": "me", "reason": "again"})[0] == 404


def test_an_order_that_may_go_on_keeps_what_it_needs(system: System, number: str) -> None:
    system.fault("eom", number, refusal_rate=1, refusal_code="blocked", refusal_message="not today")
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    whom = f"{number.lower()}@example.cl"
    until(lambda: system.order(number), bool)
    system.ended(number, "exception")
    system.sql(
        "update orders set document = jsonb_set(document, '{buyer,email}', to_jsonb(%s::text)) where number = %s",
        whom,
        number,
    )
    [inbox] = system.sql("select source from orders where number = %s", number)
    noted = {"person": "ana", "text": f"She wrote from {whom}"}
    assert system.call("POST", f"/orders/{number}/notes", noted)[0] == 200
    body = {"whom": whom, "person": "me", "reason": "request 8"}

    assert system.call("POST", "/erasures", body)[0] == 409
    resolved = (
        "update incidents i set resolved_at = now() from orders o where o.order_id = i.order_id and o.number = %s"
    )
    system.broken_by_hand(number)
    system.sql(resolved, number)
    status, erased = system.call("POST", "/erasures", body)

    assert (status, erased["orders"]) == (200, 1)
    [row] = system.sql("select document, buyer_name, source from orders where number = %s", number)
    assert (row["buyer_name"], row["document"]["buyer"]["name"]) == ("erased", "erased")
    assert row["document"]["lines"]
    assert whom not in json.dumps(system.get(f"/orders/{number}"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        system.sql("update order_notes set text = 'x'")
    kept = system.aws("s3").get_object(Bucket=system.bucket, Key=row["source"].split("/", 3)[3])["Body"].read().decode()
    assert "erased" in kept
    assert number in kept
    versions = system.aws("s3").list_object_versions(Bucket=system.bucket, Prefix=inbox["source"].split("/", 3)[3])
    assert "Versions" not in versions
    assert mtd(system, "audit", "verify", "--order", number)["broken"] == []


def test_a_rejected_file_of_a_person_goes_with_both_copies(system: System, number: str) -> None:
    whom = f"{number.lower()}@example.cl"
    key = f"{number}.xml"
    content = OrderFile(number=number).xml().replace("<cbc:Quantity", "<cbc:Broken", 1)
    system.put(f"<!-- {whom} -->{content}"[:-20], key)
    query = "select kept_at, code from rejections where source like %s"
    until(lambda: system.sql(query, f"%/{key}"), bool)

    told = mtd(system, "erase", "--person", whom, "--reason", "request 9")

    assert (told["orders"], told["files"], told["objects"]) == (0, 1, 3)
    [row] = system.sql(query, f"%/{key}")
    assert row["kept_at"] == "erased"
    for prefix in (f"orders/{key}", f"rejected/orders/{key}"):
        assert "Versions" not in system.aws("s3").list_object_versions(Bucket=system.bucket, Prefix=prefix)
