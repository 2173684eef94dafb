"""Bad input: a row that a person can see, the file kept with its reason, and nothing else harmed."""

import json
from collections.abc import Callable

import pytest

from tests.integration.system import System, until
from tests.support.orders import OrderFile

_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE o [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]><Order>&j;</Order>"
)
_EXTERNAL = '<?xml version="1.0"?><!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><Order>&x;</Order>'


def _good(number: str) -> str:
    return OrderFile(number=number).xml()


BAD: dict[str, tuple[str, Callable[[str], str | bytes]]] = {
    "not_xml": ("not_xml", lambda _: "number;amount\n1;2\n"),
    "empty": ("empty", lambda _: ""),
    "truncated": ("not_xml", lambda n: _good(n)[:-200]),
    "wrong_encoding": ("not_xml", lambda n: _good(n).replace("Ana Rojas", "Añá").encode("latin-1")),
    "unknown_encoding": ("not_xml", lambda n: _good(n).replace('encoding="UTF-8"', 'encoding="KLINGON"')),
    "huge": ("too_large", lambda _: b" " * (60 * 1024 * 1024)),
    "external_entity": ("document_type", lambda _: _EXTERNAL),
    "entity_bomb": ("document_type", lambda _: _BOMB),
    "wrong_root": ("wrong_root", lambda _: "<Invoice/>"),
    "no_namespace": ("wrong_root", lambda _: "<Order/>"),
    "no_lines": ("no_lines", lambda n: OrderFile(number=n, lines=()).xml()),
    "negative_quantity": ("quantity_not_positive", lambda n: OrderFile(number=n, lines=(("S", "-1", "5"),)).xml()),
    "quantity_not_a_number": ("number_malformed", lambda n: OrderFile(number=n, lines=(("S", "NaN", "5"),)).xml()),
    "unknown_currency": ("currency_unknown", lambda n: OrderFile(number=n, currency="XYZ").xml()),
    "wrong_rut": ("rut_check_digit", lambda n: OrderFile(number=n, buyer_rut="12345678-9").xml()),
    "malformed_rut": ("rut_malformed", lambda n: OrderFile(number=n, buyer_rut="hello").xml()),
    "control_characters": ("not_xml", lambda n: _good(n).replace("Ana", "A\x00na")),
    "no_number": ("field_missing", lambda _: OrderFile(number="").xml()),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_kept_with_its_reason_and_shown(system: System, number: str, case: str) -> None:
    code, make = BAD[case]
    content = make(number)
    source = system.put(content, f"bad {case} ñ {number}.xml")

    [row] = until(lambda: system.rows(source), bool)

    assert (row["state"], row["ended"]) == ("rejected", True)
    assert row["reason"].startswith(f"{code}: ")
    key = f"rejected/orders/bad {case} ñ {number}.xml"
    reason = json.loads(system.aws("s3").get_object(Bucket=system.bucket, Key=f"{key}.reason.json")["Body"].read())
    assert reason["code"] == code
    assert reason["source"] == source
    kept = system.aws("s3").head_object(Bucket=system.bucket, Key=key)["ContentLength"]
    assert kept == len(content.encode() if isinstance(content, str) else content)


def test_a_total_that_does_not_add_up_is_an_exception_with_its_reason(system: System, number: str) -> None:
    system.put(OrderFile(number=number, payable="99999").xml(), f"{number}.xml")

    order = system.ended(number, "exception")

    assert "total_mismatch" in order["reason"]
    assert "99999" in order["reason"]
    assert system.done("eom", "allocate", number) == []


def test_a_bad_file_does_not_hold_up_a_good_one(system: System, number: str) -> None:
    for i in range(5):
        system.put("<broken", f"{number}-bad-{i}.xml")
    system.put(_good(number), f"{number}.xml")

    system.ended(number, "completed")


def test_a_file_put_again_after_correction_becomes_an_order(system: System, number: str) -> None:
    source = system.put("<broken", f"{number}.xml")
    until(lambda: system.rows(source), bool)

    system.put(_good(number), f"{number}.xml")

    system.ended(number, "completed")
