"""The portal on a real PostgreSQL: what its roles may, sessions that end, guesses that are throttled, whole lists."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from mtd.domain.errors import InvalidRequest, MtdError, NotFound
from mtd.domain.tenants import PLATFORM_TENANT
from mtd.queries.orders import order_page, search
from mtd.queries.orders.orders import Reader
from mtd.queries.orders.search import Filter, Sort
from mtd.queries.reporting import control_room
from portal.access.accounts import Accounts, Credentials, Role
from portal.access.audit import Audit
from portal.access.sessions import Sessions
from portal.database import Database
from tests.integration.portal.tenant_world import PASSWORD, new_tenant
from tests.integration.system import System
from tests.support.orders import OrderFile


@pytest.fixture
def sessions(own: Database) -> Sessions:
    return Sessions(own, idle_seconds=1800, longest_seconds=28800)


def address_of_one() -> str:
    """An address that no other test fails from."""
    return f"test-{uuid.uuid4().hex}"


def attempt(name: str, password: str, address: str = "") -> Credentials:
    return Credentials(name=name, password=password, address=address or address_of_one())


@pytest.mark.parametrize(
    "statement",
    [
        "update orders set reason = 'x' where false",
        "insert into outbox (destination, body) values ('x', '{}')",
        "delete from tokens where false",
        "select name from portal.users",
        "create table public.mine (x int)",
    ],
)
def test_who_reads_orders_can_do_nothing_else(reader: Reader, statement: str) -> None:
    with pytest.raises(psycopg.Error):
        reader(f"set default_transaction_read_only = off; {statement}", {})


@pytest.mark.parametrize(
    "statement",
    [
        "select number from orders limit 1",
        "update portal.audit set outcome = 'x'",
        "delete from portal.audit",
        "delete from portal.users",
        "drop table portal.views",
    ],
)
def test_who_keeps_users_sees_no_orders_and_forges_no_audit(own: Database, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        own.of(PLATFORM_TENANT)(statement, {})


def test_not_even_the_owner_changes_the_audit(system: System, own: Database) -> None:
    Audit(own).record(tenant=PLATFORM_TENANT, user="test", address="-", action="a", subject="s")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        system.sql("update portal.audit set outcome = 'forged'")


def test_a_session_ends_after_half_an_hour_idle(
    system: System, own: Database, sessions: Sessions, person: Callable[[Role], str]
) -> None:
    login = Accounts(own).log_in(attempt(person(Role.VIEWER), PASSWORD))
    assert login.user_id is not None
    token = sessions.open(PLATFORM_TENANT, login.user_id, "-", "-")
    found = sessions.find(token)
    assert found is not None
    backdate = "update portal.sessions set seen_at = now() - %s where session_id = %s"
    system.sql(backdate, timedelta(minutes=29), found.session_id)
    assert sessions.find(token, active=False) is not None
    assert sessions.find(token) is not None
    [seen] = system.sql(
        "select now() - seen_at < '1 minute' as now from portal.sessions where session_id = %s", found.session_id
    )
    assert seen["now"]
    system.sql(backdate, timedelta(minutes=31), found.session_id)
    assert sessions.find(token) is None


def test_a_session_ends_after_eight_hours_however_busy(
    system: System, own: Database, sessions: Sessions, person: Callable[[Role], str]
) -> None:
    login = Accounts(own).log_in(attempt(person(Role.VIEWER), PASSWORD))
    assert login.user_id is not None
    token = sessions.open(PLATFORM_TENANT, login.user_id, "-", "-")
    system.sql(
        "update portal.sessions set opened_at = now() - interval '481 minutes' where user_id = %s", login.user_id
    )
    assert sessions.find(token) is None


def test_a_revoked_session_and_a_disabled_user_are_out_at_once(
    own: Database, sessions: Sessions, person: Callable[[Role], str]
) -> None:
    login = Accounts(own).log_in(attempt(person(Role.VIEWER), PASSWORD))
    assert login.user_id is not None
    first, second = (sessions.open(PLATFORM_TENANT, login.user_id, "-", "-") for _ in range(2))
    found = sessions.find(first)
    assert found is not None
    sessions.close(PLATFORM_TENANT, found.session_id, "test")
    assert sessions.find(first) is None
    with pytest.raises(NotFound):
        sessions.close(PLATFORM_TENANT, found.session_id, "test")
    assert sessions.find(second) is not None
    Accounts(own).disable(PLATFORM_TENANT, login.user_id, disabled=True)
    assert sessions.find(second) is None


def test_the_sixth_guess_is_not_even_tried(own: Database, person: Callable[[Role], str]) -> None:
    accounts, name, here = Accounts(own), person(Role.VIEWER), address_of_one()
    tries = [accounts.log_in(attempt(name, "wrong", here)) for _ in range(6)]
    assert [tried.throttled for tried in tries] == [False] * 5 + [True]
    assert accounts.log_in(attempt(name, PASSWORD, here)).throttled
    own.outside("delete from portal.failed_logins where name = %(name)s", {"name": name})
    assert accounts.log_in(attempt(name.upper(), PASSWORD)).user_id is not None


def test_a_burst_of_guesses_has_no_more_of_them_than_five(own: Database, person: Callable[[Role], str]) -> None:
    accounts, name, here = Accounts(own), person(Role.VIEWER), address_of_one()
    with ThreadPoolExecutor(17) as pool:
        tries = list(pool.map(lambda _: accounts.log_in(attempt(name, "wrong", here)), range(17)))
    assert sum(not tried.throttled for tried in tries) <= 5


def test_guesses_from_elsewhere_keep_nobody_out(own: Database, person: Callable[[Role], str]) -> None:
    accounts, name = Accounts(own), person(Role.VIEWER)
    for _ in range(6):
        accounts.log_in(attempt(name, "wrong", "203.0.113.9"))
    assert accounts.log_in(attempt(name, PASSWORD, "198.51.100.7")).user_id is not None


def test_a_name_that_is_guessed_everywhere_is_open_where_its_person_has_been(
    own: Database, sessions: Sessions, person: Callable[[Role], str]
) -> None:
    accounts, name, home, new = Accounts(own), person(Role.VIEWER), address_of_one(), address_of_one()
    login = accounts.log_in(attempt(name, PASSWORD, home))
    assert login.user_id is not None
    sessions.open(PLATFORM_TENANT, login.user_id, home, "-")
    guess = "insert into portal.failed_logins (name, address) select %(name)s, 'b' || n from generate_series(1, 100) n"
    own.outside(guess, {"name": name})
    assert accounts.log_in(attempt(name, PASSWORD, new)).throttled
    assert accounts.log_in(attempt(name, PASSWORD, home)).user_id is not None


def test_a_try_that_was_not_verified_does_not_prolong_the_wait(own: Database, person: Callable[[Role], str]) -> None:
    accounts, name, here = Accounts(own), person(Role.VIEWER), address_of_one()
    for _ in range(12):
        accounts.log_in(attempt(name, "wrong", here))
    [kept] = own.outside("select count(*) as tries from portal.failed_logins where name = %(name)s", {"name": name})
    assert kept["tries"] == 5


def test_an_address_that_tries_many_names_is_throttled(own: Database) -> None:
    accounts, address = Accounts(own), address_of_one()
    tries = [accounts.log_in(attempt(f"nobody-{uuid.uuid4().hex}", "x", address)) for _ in range(21)]
    assert [tried.throttled for tried in tries] == [False] * 20 + [True]


def test_a_short_password_and_a_taken_or_odd_name_are_refused(own: Database, person: Callable[[Role], str]) -> None:
    accounts, name = Accounts(own), person(Role.VIEWER)
    for wrong, password, code in ((name, PASSWORD, "name_taken"), ("new", "short", "password_short")):
        with pytest.raises(InvalidRequest) as found:
            accounts.add(PLATFORM_TENANT, wrong, password, Role.VIEWER)
        assert found.value.code == code
    with pytest.raises(MtdError):
        accounts.add(PLATFORM_TENANT, "two words", PASSWORD, Role.VIEWER)


def _orders(system: System, mark: str, totals: list[int]) -> None:
    """Orders of one buyer, ended, without any function having to run."""
    for place, total in enumerate(totals):
        system.sql(
            "insert into orders (order_id, number, seller_id, seller_name, buyer_id, buyer_name, currency, total,"
            " document, content_hash, process_version_id, outcome, ended_at, received_at)"
            " select %s, %s, %s, 'Ñuñoa Ltda.', '1-9', %s, 'CLP', %s, '{\"lines\": [{\"sku\": \"SKU-%%_7\"}]}', 'x',"
            " max(process_version_id), 'completed', now(), now() - make_interval(secs => %s)"
            " from process_versions where tenant = 'main'",
            uuid.uuid4(),
            f"{mark}-{place}",
            mark,
            f"José {mark}",
            total,
            place // 2,
        )


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("ascending", [False, True])
def test_pages_continue_without_gap_or_double(
    system: System, reader: Reader, number: str, sort: Sort, ascending: bool
) -> None:
    _orders(system, number, [300, 100, 100, 200, 100, 300, 50])
    wanted = Filter(text=number.lower())
    rows, after = [], None
    while True:
        page = search.search(reader, wanted, sort=sort, ascending=ascending, limit=2, after=after)
        rows += page.rows
        after = page.following
        if after is None:
            break
    assert len({row["order_id"] for row in rows}) == len(rows) == search.count(reader, wanted) == 7
    column = {Sort.RECEIVED: "received_at", Sort.TOTAL: "total", Sort.NUMBER: "number"}[sort]
    values = [row[column] for row in rows]
    assert all((low <= high) if ascending else (low >= high) for low, high in pairwise(values))
    assert [row["number"] for row in search.everything(reader, wanted, sort=sort, ascending=ascending)] == [
        row["number"] for row in rows
    ]


@pytest.mark.parametrize("most", [10, 3])
def test_the_first_page_of_words_comes_with_their_count(system: System, reader: Reader, number: str, most: int) -> None:
    least = 10**9 + uuid.uuid4().int % 10**9  # amounts that no other order has
    _orders(system, number, [least + 3, least + 1, least + 1, least + 2, least + 1])
    amounts = Filter(at_least=Decimal(least), at_most=Decimal(least + 3))
    for wanted in (Filter(text=number), Filter(text=number, state="completed"), amounts):
        page, total = search.first_page(reader, wanted, sort=Sort.TOTAL, limit=2, most=most)
        assert page == search.search(reader, wanted, sort=Sort.TOTAL, limit=2)
        assert total == search.count(reader, wanted, most)
    assert search.first_page(reader, Filter(text=number, state="exception")) == (
        search.Page(rows=[], following=None),
        0,
    )
    [only], total = _rows(search.first_page(reader, Filter(text=f"{number}-3")))
    assert (only["number"], total) == (f"{number}-3", 1)


def test_a_state_is_where_orders_stand_or_how_they_ended(system: System, reader: Reader, number: str) -> None:
    _orders(system, number, [1, 2])
    [row] = system.sql(
        "update orders set outcome = null, ended_at = null where number = %s returning order_id", f"{number}-1"
    )
    system.sql("insert into tokens (order_id, node, waits) values (%s, 'allocation', 'person')", row["order_id"])
    try:
        for wanted, found in (
            (Filter(text=number, state="completed"), f"{number}-0"),
            (Filter(text=number, state="allocation"), f"{number}-1"),
            (Filter(text=number, in_process=True), f"{number}-1"),
        ):
            [only], total = _rows(search.first_page(reader, wanted))
            assert (only["number"], total) == (found, 1)
    finally:
        system.sql("delete from tokens where order_id = %s", row["order_id"])
        system.sql("update orders set outcome = 'completed', ended_at = now() where order_id = %s", row["order_id"])


def _rows(found: tuple[search.Page, int]) -> tuple[list[dict[str, Any]], int]:
    return found[0].rows, found[1]


def test_a_search_minds_neither_case_nor_accents_and_takes_signs_as_they_are(
    system: System, reader: Reader, number: str
) -> None:
    _orders(system, number, [4321])
    found = {
        text: search.count(reader, Filter(text=text)) for text in (f"jose {number}", f"JOSÉ {number}", f"{number}%")
    }
    assert found == {f"jose {number}": 1, f"JOSÉ {number}": 1, f"{number}%": 0}
    for text in ("SKU-%_7", "nunoa", "4321"):
        assert number in {row["seller_id"] for row in _with_seller(reader, text)}


def _with_seller(reader: Reader, text: str) -> list[dict[str, str]]:
    ids = [row["order_id"] for row in search.everything(reader, Filter(text=text), sort=Sort.RECEIVED, ascending=False)]
    return reader("select seller_id from orders where order_id = any(%(ids)s)", {"ids": ids})


def test_an_order_that_came_the_whole_way_is_shown_whole(system: System, reader: Reader, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")
    system.ended(number, "completed")
    order_id = order_page.newest_with_number(reader, number)
    assert order_id is not None
    page = order_page.order_page(reader, order_id, lambda _: {})
    assert {"S3", "SQS", "API", "Lambda", "PostgreSQL"} <= {station["source"] for station in page.stations}
    assert page.order["folio"]
    assert len(page.places) == 1
    assert len(page.passed) >= 5
    assert all(element in order_page.diagram(reader, page.order["process_version_id"]) for element in page.passed)
    assert control_room.control_room(reader).ended["completed"] >= 1


def test_what_is_not_there_is_said(reader: Reader) -> None:
    with pytest.raises(NotFound):
        order_page.order_page(reader, uuid.uuid4(), lambda _: {})
    with pytest.raises(NotFound):
        order_page.diagram(reader, 2**40)
    with pytest.raises(InvalidRequest):
        search.count(reader, Filter(text="a\0b"))


def test_who_is_vouched_for_is_made_once_and_has_no_password(own: Database) -> None:
    accounts, name = Accounts(own), f"p-{uuid.uuid4().hex[:8]}@retailer.example"

    first = accounts.log_in_known(name, Role.VIEWER)
    again = accounts.log_in_known(name, Role.ADMINISTRATOR)

    assert first.user_id is not None
    assert again == first
    assert next(user["role"] for user in accounts.users(PLATFORM_TENANT) if user["name"] == name) == "viewer"
    assert accounts.log_in(attempt(name, "")).user_id is None
    accounts.disable(PLATFORM_TENANT, first.user_id, disabled=True)
    assert accounts.log_in_known(name, Role.VIEWER).user_id is None


def test_figures_are_orders_and_equal_their_lists(system: System, orders: Database, number: str) -> None:
    """An order at three places of a step is one order: 30 of them were shown as 90."""
    mark = number.lower()
    tenant = new_tenant(system, mark)
    system.broken_by_hand(tenant)
    for place, outcome in enumerate((None, None, "completed")):
        order_id = uuid.uuid4()
        system.sql(
            "insert into orders (order_id, number, seller_id, seller_name, buyer_id, buyer_name, currency, total,"
            " document, content_hash, process_version_id, outcome, ended_at, received_at, promised_on, tenant)"
            " select %s, %s, 's', 'S', '1-9', 'B', 'CLP', 1, '{}', 'x', max(process_version_id), %s,"
            " case when %s::text is null then null else now() end, now(), current_date, %s"
            " from process_versions where tenant = 'main'",
            order_id,
            f"{mark}-{place}",
            outcome,
            outcome,
            tenant,
        )
        for ordinal in (1, 2, 3) if outcome is None else ():
            system.sql(
                "insert into tokens (order_id, node, ordinal, due_at) values (%s, %s, %s, now() + interval '1 day')",
                order_id,
                f"step-{mark}",
                ordinal,
            )
    read = orders.of(tenant)
    figures = control_room.control_room(read)
    [state] = [each for each in figures.states if each.state == f"step-{mark}"]

    assert state.orders == search.count(read, Filter(state=f"step-{mark}")) == 2
    assert figures.in_process == search.count(read, Filter(in_process=True)) == 2
    soon = (datetime.now(UTC) + timedelta(hours=24)).date()
    assert figures.at_risk == search.count(read, Filter(in_process=True, promised_until=soon)) == 2
    lately = Filter(state="completed", ended_from=datetime.now(UTC) - timedelta(hours=24))
    assert figures.ended["completed"] == search.count(read, lately) == 1
    assert search.count(read, replace(lately, ended_from=datetime.now(UTC) + timedelta(hours=1))) == 0


def test_a_filter_by_version_finds_that_versions_orders(system: System, reader: Reader, number: str) -> None:
    _orders(system, number, [1])
    [row] = system.sql(
        "select process, version from process_versions join orders using (process_version_id) where number = %s",
        f"{number}-0",
    )
    assert search.count(reader, Filter(text=number, process=row["process"], version=row["version"])) == 1
    assert search.count(reader, Filter(text=number, process=row["process"], version=row["version"] + 999)) == 0
