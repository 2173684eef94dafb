import json
from typing import Any

import pytest

from mtd.adapters.postgres.database import storable_json


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\0b", "a\ufffdb"),
        ("\\\0", "\\\ufffd"),
        (r"\u0000", r"\u0000"),
        (r"\\u0000", r"\\u0000"),
        ("\ud800", "\ufffd"),
        ("🚚 ñ", "🚚 ñ"),
        ({"k\0": ["\0\0"]}, {"k\ufffd": ["\ufffd\ufffd"]}),
    ],
)
def test_what_jsonb_does_not_take_is_replaced_and_nothing_else(value: Any, stored: Any) -> None:
    text = storable_json(value)

    assert json.loads(text) == stored
    assert text.encode()
