"""Logs without personal data, whatever an error tells."""

import json
import logging

import pytest

from mtd.entrypoints.logs import JsonFormatter


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("ana.rojas+x@mail.example.cl is no address", "***@*** is no address"),
        ("RUT 12.345.678-5 and 7654321-K, 12345678-4", "RUT ***-* and ***-*, ***-*"),
        ("order CL-2026-000012, CL-12345678-5, 0c44d9b2-12345678-5abc", None),
        ("due 2026-11-26, folio 1234567, 12345678-55", None),
    ],
)
def test_addresses_and_ruts_are_masked_and_nothing_else(text: str, logged: str | None) -> None:
    line = JsonFormatter().format(logging.makeLogRecord({"msg": "request failed", "reason": [text]}))
    assert json.loads(line)["reason"] == [logged or text]


def test_an_errors_own_words_are_masked_too() -> None:
    record = logging.makeLogRecord({"msg": "commit refused"})
    try:
        raise ValueError('Failing row contains ({"email": "ana@example.cl"}, "12345678-5").\nañ@ñ.cl')
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    line = JsonFormatter().format(record)
    text = json.loads(line)["error"]
    assert text.endswith('({"email": "***@***"}, "***-*").\n***@***')
    assert "12345678" not in line
