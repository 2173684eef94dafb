"""Hostile texts in every field of orders, processes, notes, tasks and people; every page and export is searched."""

import base64
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from xml.sax.saxutils import escape

import httpx
import pytest

from portal.access.audit import Audit
from portal.database import Database
from portal.pages.orders.saved_views import Views
from tests.integration.portal.tenant_world import Visitor, World, make_world
from tests.integration.portal.test_tenants import PORTAL
from tests.integration.system import System, until
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.hostile import MARK, TEXTS, findings_in_csv, findings_in_html, findings_in_mail
from tests.support.orders import OrderFile

pytestmark = pytest.mark.xdist_group("hostile")


FIELDS = (
    *("order's number", "buyer's name", "street", "city", "note of a file", "seller's name", "item's name", "SKU"),
    *("system's code", "system's message", "operation's person", "operation's reason", "note's person", "note's text"),
    *("task's node", "task's name", "team", "comment", "assignee", "form", "view's name", "person's groups"),
    *("record's user", "record's address", "record's subject", "tenant's name", "label of a diagram", "file's name"),
)
"""The places where the texts are written."""


@dataclass
class Corpus:
    """A tenant with a hostile text in each field, and what the search has seen."""

    world: World
    #: The ids of the orders, by the places of their texts.
    orders: dict[int, str]
    pages: int = 0
    #: Pages and exports that show a text.
    showing: int = 0
    exports: int = 0
    findings: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def corpus(system: System, own: Database) -> Corpus:
    world = make_world(system, own)
    for place, text in enumerate(TEXTS):
        _put(system, world, place, text)
    query = """select split_part(number, ' ', 1) as place, order_id::text from orders
    where tenant = %s and ended_at is not null and number like %s"""
    rows = until(
        lambda: system.sql(query, world.tenant, f"{world.mark}-% %"), lambda found: len(found) == len(TEXTS), 120
    )
    ids = {int(row["place"].rpartition("-")[2]): row["order_id"] for row in rows}
    made = Corpus(world=world, orders=ids)
    _write_about_orders(system, own, made)
    _draw(system, made)
    return made


def _put(system: System, world: World, place: int, text: str) -> None:
    """An order with the text in each field that a file has; every second one is refused by EOM with it."""
    # A number is printable, and has 100 characters at most.
    shown = "".join(each for each in " ".join(text.split()) if each.isprintable())
    number = f"{world.mark}-{place} {shown}"[:100].strip()
    file = OrderFile(
        number=number, buyer_name=text, item_name=text, extra=f"<cbc:Note>{escape(text)}</cbc:Note>", mail=None
    )
    content = file.xml().replace(">Tienda<", f">{escape(text)}<").replace(">SKU-1<", f">{escape(text)}<")
    content = content.replace(
        "</cac:PartyName></cac:Party></cac:BuyerCustomerParty>",
        "</cac:PartyName><cac:PostalAddress>"
        f"<cbc:StreetName>{escape(text)}</cbc:StreetName><cbc:CityName>{escape(text)}</cbc:CityName>"
        "</cac:PostalAddress></cac:Party></cac:BuyerCustomerParty>",
    )
    if place % 2:
        system.fault("eom", number, refusal_rate=1, refusal_code=text[:60], refusal_message=text)
    system.put(content, f"{world.tenant}/{place}-{MARK}.xml")


def _write_about_orders(system: System, own: Database, made: Corpus) -> None:
    """Notes, operations, tasks, views and records of people."""
    world, who = made.world, made.world.visitor
    for place, text in enumerate(TEXTS):
        order_id = made.orders[place]
        asked = {"action": "cancel", "person": text[:190], "reason": text, "order_ids": [order_id], "dry_run": True}
        status, answer = system.call("POST", "/operations", asked, tenant=world.tenant)
        assert status == 200, answer
        system.sql("insert into order_notes (order_id, person, text) values (%s, %s, %s)", order_id, text[:190], text)
        system.sql(
            "insert into tasks (order_id, token_id, node, name, team, priority, comment, assignee, form)"
            " values (%s, -%s, %s, %s, %s, 'normal', %s, %s, %s)",
            order_id,
            uuid.uuid4().int % 10**15,
            *(text[:100],) * 3,
            text,
            text[:100],
            text[:100],
        )
        Views(own).save(world.tenant, who.user_id, text[:60], f"q={MARK}")
        Audit(own).record(tenant=world.tenant, user=text[:80], address=text[:40], action="test", subject=text)
    system.sql("update portal.users set groups = %s where user_id = %s", [text[:100] for text in TEXTS], who.user_id)
    system.sql("update tenants set name = %s where code = %s", TEXTS[0], world.tenant)


def _draw(system: System, made: Corpus) -> None:
    """A process whose labels are the texts; it takes the place of the world's version."""
    drawing = "\n".join(
        [
            "start: Begin",
            *(f"user: Label {place} | group=g" for place in range(len(TEXTS))),
            "end: End",
            " > ".join(["Begin", *(f"Label {place}" for place in range(len(TEXTS))), "End"]),
        ]
    )
    content = bpmn(draw(drawing, "Hostile")).decode()
    for place, text in reversed(list(enumerate(TEXTS))):
        quoted = escape(text, {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
        content = content.replace(f'"Label {place}"', f'"{quoted}"')
    file = {"name": f"{TEXTS[0]}.bpmn", "content": base64.b64encode(content.encode()).decode()}
    status, answer = system.call("POST", "/processes", {"files": [file]}, tenant=made.world.tenant)
    assert status == 200, answer
    [row] = system.sql(
        "select process_version_id as id, process from process_versions where tenant = %s order by 1 desc limit 1",
        made.world.tenant,
    )
    made.world = replace(made.world, version=row["id"])


def _addresses(made: Corpus) -> Iterator[str]:
    """Every page and file that GET answers, once for each order where it is about one."""
    for (method, _), row in PORTAL.items():
        if method != "GET" or isinstance(row, str):
            continue
        seen = set()
        for order_id in made.orders.values():
            address = row(replace(made.world, good=order_id, bad=order_id)).at
            if address not in seen:
                seen.add(address)
                yield address
    yield f"/orders.csv?q={MARK}&excel"
    yield from (f"/orders?q={text[:80]}" for text in map(_quoted, TEXTS))
    yield from (f"/orders/{text}" for text in map(_quoted, TEXTS))
    yield "/account"


def _quoted(text: str) -> str:
    return str(httpx.QueryParams({"q": text}))[2:]


def _search(address: str, answer: httpx.Response, made: Corpus) -> None:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind == "text/html":
        made.pages += 1
        found = findings_in_html(answer.text)
    elif kind == "text/csv":
        made.exports += 1
        found = findings_in_csv(answer.text)
    elif kind == "application/pdf":
        made.exports += 1
        found = [] if answer.content.startswith(b"%PDF") and b"/JavaScript" not in answer.content else ["no plain PDF"]
    else:
        made.exports += 1
        found = []
        if kind == "application/json":
            json.loads(answer.text)
    made.showing += MARK in answer.text if kind.startswith("text/") or kind.endswith("xml") else 0
    if answer.status_code >= 500 or answer.url.path == "/login" != address:
        found = [*found, f"status {answer.status_code}"]
    made.findings += [f"{address[:80]}: {each}" for each in found]


def _client(address: str, who: Visitor, locale: str) -> httpx.Client:
    cookies = {"mtd_session": who.token, "locale": locale}
    return httpx.Client(base_url=address, cookies=cookies, follow_redirects=True, timeout=60)


def test_no_page_and_no_export_takes_a_text_for_more(address: str, corpus: Corpus) -> None:
    for locale in ("es", "en"):
        with _client(address, corpus.world.visitor, locale) as client:
            for each in _addresses(corpus):
                _search(each, client.get(each), corpus)
    counts = {"pages": corpus.pages, "exports": corpus.exports, "showing": corpus.showing}
    print({"strings": len(TEXTS), "fields": len(FIELDS), **counts})
    assert corpus.findings == []
    assert corpus.showing > corpus.pages / 2
    assert corpus.exports > 20


def test_what_people_type_into_forms_stays_text(address: str, corpus: Corpus) -> None:
    """A form that is refused shows again what was typed."""
    who = corpus.world.visitor
    with _client(address, who, "en") as client:
        for place, text in enumerate(TEXTS):
            order_id = corpus.orders[place]
            typed: dict[str, Any] = {"csrf": who.csrf, "order": order_id, "action": "correct", "reason": text}
            typed |= {"document.buyer.name": text, "document.buyer.rut": text, "document.lines.0.price": text}
            _search("/operations/try", client.post("/operations/try", data=typed), corpus)
            login = {"name": text, "password": text, "csrf": "x", "next": text}
            _search("/login", client.post("/login", data=login), corpus)
            _search("/people/add", client.post("/people/add", data={"csrf": who.csrf, "name": text}), corpus)
    assert corpus.findings == []


@pytest.mark.usefixtures("corpus")
def test_a_mail_has_the_headers_that_mtd_gave_it(system: System) -> None:
    with httpx.Client() as client:
        mails = client.get(f"{system.endpoint}/_aws/ses", timeout=60).json()["messages"]
    ours = [mail for mail in mails if MARK in json.dumps(mail)]
    found = [each for mail in ours for each in findings_in_mail(mail["Subject"], mail["Body"]["text_part"] or "")]
    assert found == []
    assert all(len(mail["Destination"]["ToAddresses"]) == 1 for mail in ours)


def test_the_api_answers_json_that_holds_the_texts_as_they_are(system: System, corpus: Corpus) -> None:
    for path in ("/orders?limit=200", "/exceptions", "/waiting", "/operations", "/tasks"):
        status, body = system.call("GET", path, tenant=corpus.world.tenant)
        assert status == 200, (path, body)
    kept = system.sql("select count(*) as orders from orders where tenant = %s", corpus.world.tenant)
    assert kept[0]["orders"] >= len(TEXTS)
