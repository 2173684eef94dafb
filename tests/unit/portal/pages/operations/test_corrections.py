"""An order's data as fields, the typed values as a merge patch, and what they do to the order."""

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.portal.pages.orders.test_documents import ORDER
from tests.unit.portal.services import CSRF, FakePortal

from mtd.domain.errors import InvalidRequest
from mtd.domain.orders.order import to_json
from portal.access.accounts import Role
from portal.pages.operations.corrections import effect, fields, line_fields, patch

DOCUMENT: dict[str, Any] = {
    "number": "O-1",
    "currency": "CLP",
    "seller": {"id": "1-9", "name": "S"},
    "buyer": {"id": "b", "name": "Ana", "email": "ana@x.example"},
    "totals": {"payable": "1190"},
    "lines": [{"id": "1", "sku": "A", "quantity": "1"}, {"id": "2", "sku": "B", "quantity": "2", "price": "5000.00"}],
}
ORDER_ID = uuid.UUID(int=7)
WHOLE = to_json(ORDER)


def typed(locale: str = "es", **changed: str) -> dict[str, str]:
    """The form with both lines open, as a browser sends it, with some fields changed; `__` stands for a point."""
    shown = [*fields(DOCUMENT, locale), *line_fields(DOCUMENT, 0, locale), *line_fields(DOCUMENT, 1, locale)]
    form = {f"document.{field.path}": field.shown for field in shown}
    return form | {f"document.{path.replace('__', '.')}": value for path, value in changed.items()}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"buyer__name": "Ana María"}, {"buyer": {"name": "Ana María"}}),
        ({"buyer__rut": "12.345.678-5"}, {"buyer": {"rut": "12345678-5"}}),
        ({"buyer__email": ""}, {"buyer": {"email": None}}),
        ({"promised_on": "2026-12-01", "currency": "USD"}, {"promised_on": "2026-12-01", "currency": "USD"}),
        ({"requested_document": "33"}, {"requested_document": 33}),
        (
            {"lines__1__quantity": "3", "totals__payable": "2.000"},
            {
                "totals": {"payable": "2000"},
                "lines": [DOCUMENT["lines"][0], DOCUMENT["lines"][1] | {"quantity": "3"}],
            },
        ),
        ({"lines__0__sku": ""}, {"lines": [{"id": "1", "quantity": "1"}, DOCUMENT["lines"][1]]}),
    ],
)
def test_only_what_changed_is_sent(changed: dict[str, str], expected: dict[str, Any]) -> None:
    assert patch(DOCUMENT, typed(**changed), "es") == expected
    assert DOCUMENT["lines"][1]["quantity"] == "2"


@pytest.mark.parametrize(
    ("locale", "text"), [("es", "12.000"), ("en", "12,000"), ("es", "12000"), ("en", "$12,000.00")]
)
def test_a_price_is_read_in_the_persons_locale(locale: str, text: str) -> None:
    """Read as twelve, a price of 12.000 issued a boleta for another amount."""
    corrected = patch(DOCUMENT, typed(locale, lines__1__price=text), locale)
    assert Decimal(corrected["lines"][1]["price"]) == 12000


@pytest.mark.parametrize("changed", [{}, {"buyer__name": " Ana "}, {"lines__1__price": "5.000,00"}])
def test_a_form_that_changes_nothing_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        patch(DOCUMENT, typed(**changed), "es")
    assert refused.value.code == "nothing_corrected"


@pytest.mark.parametrize("path", ["number", "seller__name", "lines__2__sku", "buyer__id", "lines__-1__sku"])
def test_what_is_no_field_of_the_order_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest, match="no field"):
        patch(DOCUMENT, typed(**{path: "x"}), "es")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"lines__1__price": "12.5"}, "number_malformed"),
        ({"buyer__rut": "12345678-9"}, "rut_check_digit"),
        ({"buyer__rut": "yo"}, "rut_malformed"),
    ],
)
def test_what_the_inbox_refuses_is_refused_before_anything_is_sent(changed: dict[str, str], code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        patch(DOCUMENT, typed(**changed), "es")
    assert refused.value.code == code


def test_the_effect_is_the_new_total_and_the_tax_document() -> None:
    """Two chairs at 5.000 with 19 % IVA are 11.900; at 12.000 they are 28.560. A company's RUT asks for a factura."""
    lines = [WHOLE["lines"][0] | {"price": "12000"}]
    found = effect(WHOLE, {"lines": lines, "buyer": {"rut": "76000000-0"}}, "es")
    assert [(after.name, before.shown, after.shown) for before, after in found.changes] == [
        ("rut", "12345678-5", "76000000-0"),
        ("price", "5.000", "12.000"),
    ]
    assert found.total == (Decimal(11900), Decimal(28560))
    assert found.document_type == (39, 33)
    assert found.problem == ""


@pytest.mark.parametrize(
    ("corrected", "problem"),
    [
        ({"totals": {"payable": "5"}}, "total_mismatch"),
        ({"lines": [WHOLE["lines"][0] | {"quantity": "0"}]}, "quantity_not_positive"),
        ({"currency": "XXX"}, "currency_unknown"),
    ],
)
def test_the_effect_says_what_would_fail_again(corrected: dict[str, Any], problem: str) -> None:
    found = effect(WHOLE, corrected, "es")
    assert found.total == (Decimal(11900), None)
    assert found.problem == problem
    assert found.reckoned == (Decimal(11900) if problem == "total_mismatch" else None)


@pytest.fixture
def failed(portal: FakePortal) -> FakePortal:
    """The portal knows an order of 500 lines that failed."""
    lines = tuple(replace(ORDER.lines[0], id=str(n), sku=f"SKU-{n}") for n in range(1, 501))
    row = {
        "order_id": ORDER_ID,
        "number": "O-7",
        "document": to_json(replace(ORDER, lines=lines)),
        "plan": {"nodes": []},
        "outcome": "exception",
        "archived_at": None,
        "suspended_at": None,
    }
    portal.read.rows["left join credit_notes"] = [row]
    portal.read.rows["from incidents where order_id"] = [{"resolved_at": None, "state": "validation"}]
    return portal


def test_five_hundred_lines_are_a_table_that_loads_what_is_corrected(failed: FakePortal) -> None:
    """All lines as fields were 4,025 of them, more than a form may have."""
    client = failed.client(Role.OPERATOR)
    page = client.get(f"/operations/new?order={ORDER_ID}&action=correct").text
    assert page.count("<input") < 50
    assert page.count("SKU-") == 100
    following = client.get(f"/operations/lines?order={ORDER_ID}&after=100").text
    assert "SKU-101<" in following
    assert "<html" not in following
    line = client.get(f"/operations/lines?order={ORDER_ID}&line=499").text
    assert 'name="document.lines.498.sku" value="SKU-499"' in line
    without_script = client.get(f"/operations/new?order={ORDER_ID}&action=correct&line=499").text
    assert 'name="document.lines.498.sku"' in without_script


def test_one_of_five_hundred_lines_is_corrected(failed: FakePortal) -> None:
    form = {
        "csrf": CSRF,
        "order": str(ORDER_ID),
        "action": "correct",
        "reason": "r",
        "document.lines.498.price": "6,000",
    }
    assert failed.client(Role.OPERATOR).post("/operations/try", data=form).status_code == 303
    lines = failed.api.operated[0]["document"]["lines"]
    assert len(lines) == 500
    assert [line["price"] for line in lines].count("6000") == 1


def test_a_wrong_number_is_named_and_what_was_typed_stays(failed: FakePortal) -> None:
    form = {
        "csrf": CSRF,
        "order": str(ORDER_ID),
        "action": "correct",
        "reason": "r",
        "document.lines.498.price": "12,5.0",
    }
    answer = failed.client(Role.OPERATOR, locale="es").post("/operations/try", data=form)
    assert answer.status_code == 400
    assert "«12,5.0» no es un número" in answer.text
    assert 'name="document.lines.498.price" value="12,5.0"' in answer.text
    assert failed.api.operated == []


def test_a_trial_shows_before_and_after(failed: FakePortal) -> None:
    failed.read.rows["from operations where"] = [
        {
            "operation_id": 5,
            "action": "correct",
            "person": "p",
            "reason": "why",
            "selection": {"order_ids": [str(ORDER_ID)]},
            "arguments": {"document": {"buyer": {"rut": "76000000-0"}}},
            "dry_run": True,
            "canary": None,
            "rate": None,
            "stop_at": None,
            "status": "finished",
            "why": None,
            "created_at": None,
            "ended_at": None,
        }
    ]
    failed.read.rows["as came_back"] = [
        {"total": 1, "pending": 0, "done": 1, "refused": 0, "came_back": 0, "unsettled": 0}
    ]
    page = failed.client(Role.OPERATOR, locale="es").get("/operations/5").text
    for expected in ("Qué cambia", "12345678-5", "<b>76000000-0</b>", "CLP\u00a05.950.000", "Factura electrónica"):
        assert expected in page, expected
    assert "{&#34;" not in page, "no JSON"
