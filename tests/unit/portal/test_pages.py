"""The content of pages: escaped, in one of two languages, with its headers, also when a system is away."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.portal.services import FakePortal

from portal.access.accounts import Role
from portal.rendering.catalogue import Message, messages, preferred, say
from portal.rendering.formats import LOCALES

SRC = Path(__file__).parents[3] / "src" / "portal"
HOSTILE = "<script>alert(1)</script>"


def test_the_catalogues_say_the_same_things() -> None:
    spanish, english = (messages(locale) for locale in LOCALES)
    assert spanish.keys() == english.keys()
    for key in spanish:
        names = {frozenset(re.findall(r"{(\w+)}", text)) for each in (spanish, english) for text in texts(each[key])}
        assert len(names) == 1, key
    assert all(text.strip() for catalogue in (spanish, english) for each in catalogue.values() for text in texts(each))


def texts(message: Message) -> list[str]:
    return [message] if isinstance(message, str) else list(message.values())


@pytest.mark.parametrize(
    ("locale", "count", "expected"),
    [
        ("es", 1, "1 orden"),
        ("es", 0, "0 órdenes"),
        ("es", 1234, "1.234 órdenes"),
        ("es", 1_000_000, "1.000.000 órdenes"),
        ("en", 1, "1 order"),
        ("en", 1234, "1,234 orders"),
    ],
)
def test_a_count_has_its_plural_and_its_separators(locale: str, count: int, expected: str) -> None:
    """CLDR's plural rules; a million is of Spanish's category `many`, which is written as `other`."""
    assert say(locale, "orders.found", count=count) == expected


def test_plurals_have_the_categories_of_cldr() -> None:
    for locale in LOCALES:
        for key, message in messages(locale).items():
            assert isinstance(message, str) or message.keys() == {"one", "other"}, key


def test_every_message_that_is_asked_for_is_there_and_every_one_is_asked_for() -> None:
    sources = "".join(path.read_text("utf-8") for kind in ("html", "py") for path in SRC.rglob(f"*.{kind}"))
    asked = set(re.findall(r"\b(?:t|say)\('([a-z_0-9.]+)'[,)]", sources))
    asked |= set(re.findall(r'"((?:login|live|confirm|order)\.(?!html)[a-z_]+)"', sources))
    assert asked - messages("en").keys() == set()
    # A key put together at run time starts with what its place says.
    made = (
        "notice.",
        "code.",
        "state.",
        "orders.",
        "problem.",
        "statistics.",
        "people.",
        "mail.",
        "role.",
        "prefs.",
        "nav.",
        "sum.",
        "dte.",
        "operation.",
        "field.",
        "circuit.",
        "task.",
        "document.",
        "process.",
        "warning.",
        "typed.",
        "situation.",
        "result.",
        "files.",
    )
    assert {key for key in messages("en").keys() - asked if not key.startswith(made)} == set()


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("", "es"),
        ("en-GB,en;q=0.9", "en"),
        ("fr,es;q=0.5,en;q=0.8", "en"),
        ("pt-BR", "es"),
        ("es-CL", "es"),
        ("x;q=y", "es"),
    ],
)
def test_the_language_is_the_readers(accepted: str, locale: str) -> None:
    assert preferred(accepted) == locale


def test_a_cookie_goes_before_the_browsers_language(portal: FakePortal) -> None:
    client = portal.client(locale="es")
    page = client.get("/login", headers={"accept-language": "en"}).text
    assert '<html lang="es"' in page
    assert "Contraseña" in page


def test_what_came_with_an_order_is_escaped(portal: FakePortal) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    row = {
        "order_id": "1",
        "number": HOSTILE,
        "seller_name": HOSTILE,
        "buyer_name": HOSTILE,
        "currency": "CLP",
        "total": None,
        "received_at": at,
        "updated_at": at,
        "ended_at": at,
        "promised_on": None,
        "reason": HOSTILE,
        "outcome": "exception",
        "nodes": None,
        "sort_key": "x",
    }
    portal.read.rows["from orders o\nwhere"] = [row]
    portal.api.rows = [
        {"number": HOSTILE, "message_id": "m", "seller": HOSTILE, "since": None, "receives": 1, "reason": HOSTILE}
    ]
    portal.cloud.letters = [{"id": "m", "subject": HOSTILE, "to": HOSTILE, "from": "", "text": HOSTILE, "sent_at": at}]
    client = portal.client(Role.ADMINISTRATOR)
    for path in (f"/orders?q={HOSTILE}", "/waiting", "/mail", f"/mail?q={HOSTILE}"):
        page = client.get(path)
        assert page.status_code == 200
        assert HOSTILE not in page.text
        assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("path", ["/login", "/", "/orders", "/nowhere", "/health", "/assets/x/portal.css"])
def test_every_answer_forbids_what_is_foreign_or_inline(portal: FakePortal, path: str) -> None:
    headers = portal.client(Role.VIEWER).get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_no_template_has_inline_script_or_style_or_another_host() -> None:
    for path in (SRC / "html").glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son[a-z]+=\"|https?://", text), path.name


def test_assets_are_kept_for_ever_under_their_version(portal: FakePortal) -> None:
    client = portal.client()
    link = re.search(r"/assets/\w+/portal\.css", client.get("/login").text)
    assert link is not None
    first = client.get(link[0])
    assert "immutable" in first.headers["cache-control"]
    assert first.headers["content-encoding"] == "gzip"
    again = client.get(link[0], headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" not in client.get("/assets/older/portal.css").headers["cache-control"]
    assert client.get("/assets/older/../settings.py").status_code == 404


def test_a_database_that_is_away_is_said(portal: FakePortal) -> None:
    portal.read.away = True
    answer = portal.client(Role.VIEWER).get("/")
    assert answer.status_code == 503
    assert "A system does not answer" in answer.text


def test_an_api_that_is_away_is_said_in_its_part_of_the_page(portal: FakePortal) -> None:
    portal.api.away = True
    assert portal.client(Role.VIEWER).get("/exceptions").status_code == 200
    answer = portal.client(Role.VIEWER).get("/waiting")
    assert answer.status_code == 200
    assert "The API does not answer" in answer.text


def test_pages_that_are_open_hear_of_the_waiting_queue_from_postgresql(portal: FakePortal) -> None:
    """The API takes a second to look through the queue, and hides its messages meanwhile."""
    portal.api.away = True
    row = {"number": "O-7", "message_id": "m", "seller": "S", "since": "2026-01-02T03:04:05Z", "reason": "no content"}
    portal.read.rows["message_id, number, seller_id"] = [row]

    answer = portal.client(Role.OPERATOR).get("/waiting?known")

    assert "O-7" in answer.text
    assert "The API does not answer" not in answer.text


def test_who_may_not_push_sees_no_button(portal: FakePortal) -> None:
    row = {
        "number": "O-1",
        "message_id": "m",
        "seller": None,
        "since": "2026-01-02T03:04:05Z",
        "receives": 10,
        "reason": "",
    }
    portal.api.rows = [row]
    assert "/waiting/push" not in portal.client(Role.VIEWER).get("/waiting").text
    assert "/waiting/push" in portal.client(Role.OPERATOR).get("/waiting").text


@pytest.mark.parametrize("path", ["/orders?from=2026-02-30", "/orders?min=much", "/orders?max=NaN", "/orders?to=x"])
def test_a_filter_without_sense_is_said_on_the_page(portal: FakePortal, path: str) -> None:
    answer = portal.client(Role.VIEWER).get(path)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert portal.client(Role.VIEWER).get(path.replace("/orders", "/orders.csv")).status_code == 400


@pytest.mark.parametrize("after", ["x", "W10=", "WyJhIiwgImIiXQ=="])
def test_a_made_up_place_in_the_list_is_refused(portal: FakePortal, after: str) -> None:
    assert portal.client(Role.VIEWER).get(f"/orders?after={after}").status_code == 400


def test_times_are_the_readers(portal: FakePortal) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    portal.cloud.letters = [{"id": "m", "subject": "s", "to": "t", "from": "f", "text": "x", "sent_at": at}]
    shown = {zone: portal.client(Role.VIEWER, zone=zone).get("/mail").text for zone in ("America/Santiago", "nonsense")}
    assert "2026-01-02 00:04:05" in shown["America/Santiago"]
    assert "2026-01-02 03:04:05" in shown["nonsense"]


def test_colours_stand_in_the_palette_alone() -> None:
    palette, _, rest = (SRC / "static" / "portal.css").read_text("utf-8").partition("\n}\n")
    assert "--ground: light-dark(" in palette
    assert re.findall(r"#[0-9a-fA-F]{3,8}(?=[;\s,)])", rest) == []


@pytest.mark.parametrize("path", ["/orders?q=x", "/exceptions"])
def test_going_back_gets_a_whole_page_and_a_filter_its_part(portal: FakePortal, path: str) -> None:
    """htmx asks for a page that history has lost with HX-Request too: https://htmx.org/docs/#history."""
    client = portal.client(Role.OPERATOR)
    part = client.get(path, headers={"hx-request": "true"})
    back = client.get(path, headers={"hx-request": "true", "hx-history-restore-request": "true"})
    assert "<html" not in part.text
    assert "<html" in back.text
    assert part.headers["vary"].split(", ")[0] == "HX-Request"


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/operations/try", "/operations"),
        ("/waiting/push", "/exceptions"),
        ("/views/delete", "/orders"),
        ("/logout", "/"),
        ("/people/add", "/people"),
    ],
)
def test_the_address_of_a_form_opened_again_leads_to_its_page(portal: FakePortal, path: str, page: str) -> None:
    answer = portal.client(Role.ADMINISTRATOR).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, page)


@pytest.mark.parametrize(
    ("headers", "login"),
    [
        ({"referer": "http://testserver/orders/7?x=1"}, "/login?next=%2Forders%2F7%3Fx%3D1"),
        ({"referer": "http://evil.example/orders/7"}, "/login"),
        ({}, "/login"),
    ],
)
def test_a_form_sent_after_the_session_leads_back_to_its_page(
    portal: FakePortal, headers: dict[str, str], login: str
) -> None:
    answer = portal.client().post("/operations/try", data={"reason": "x"}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, login)


def test_a_part_asked_for_after_the_session_leads_back_to_its_page(portal: FakePortal) -> None:
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/exceptions?group=f"}
    answer = portal.client().get("/circuits", headers=headers)
    assert answer.headers["hx-redirect"] == "/login?next=%2Fexceptions%3Fgroup%3Df"
