"""An order's data as fields, and what a person typed as a merge patch."""

from typing import Any

import pytest

from mtd.domain.errors import InvalidRequest
from portal.pages.operations.corrections import fields, patch

DOCUMENT: dict[str, Any] = {
    "number": "O-1",
    "currency": "CLP",
    "seller": {"id": "1-9", "name": "S"},
    "buyer": {"id": "b", "name": "Ana", "email": "ana@x.example"},
    "totals": {"payable": "1190"},
    "lines": [{"id": "1", "sku": "A", "quantity": "1"}, {"id": "2", "sku": "B", "quantity": "2"}],
}


def typed(**changed: str) -> dict[str, str]:
    """The whole form as a browser sends it, with some fields changed; `__` stands for a point."""
    form = {f"document.{field.path}": field.value for field in fields(DOCUMENT)}
    return form | {f"document.{path.replace('__', '.')}": value for path, value in changed.items()}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"buyer__name": "Ana María"}, {"buyer": {"name": "Ana María"}}),
        ({"buyer__rut": "12345678-5"}, {"buyer": {"rut": "12345678-5"}}),
        ({"buyer__email": ""}, {"buyer": {"email": None}}),
        ({"promised_on": "2026-12-01", "currency": "USD"}, {"promised_on": "2026-12-01", "currency": "USD"}),
        ({"requested_document": "33"}, {"requested_document": 33}),
        (
            {"lines__1__quantity": "3", "totals__payable": "2000"},
            {
                "totals": {"payable": "2000"},
                "lines": [{"id": "1", "sku": "A", "quantity": "1"}, {"id": "2", "sku": "B", "quantity": "3"}],
            },
        ),
        ({"lines__0__sku": ""}, {"lines": [{"id": "1", "quantity": "1"}, DOCUMENT["lines"][1]]}),
    ],
)
def test_only_what_changed_is_said(changed: dict[str, str], expected: dict[str, Any]) -> None:
    assert patch(DOCUMENT, typed(**changed)) == expected
    assert DOCUMENT["lines"][1]["quantity"] == "2"


@pytest.mark.parametrize("changed", [{}, {"buyer__name": " Ana "}])
def test_a_form_that_says_nothing_new_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        patch(DOCUMENT, typed(**changed))
    assert refused.value.code == "nothing_corrected"


@pytest.mark.parametrize("path", ["number", "seller__name", "lines__2__sku", "buyer__id", "lines__-1__sku"])
def test_what_is_no_field_of_the_order_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest, match="no field"):
        patch(DOCUMENT, typed(**{path: "x"}))
