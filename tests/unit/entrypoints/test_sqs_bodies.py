"""Bodies of messages."""

import json

import pytest

from mtd.entrypoints.sqs import body, sort_out


@pytest.mark.parametrize("text", ["a\0", "\0", "a\ud800", "\udfff b", "\\\0"])
def test_a_text_that_postgresql_cannot_store_is_malformed(text: str) -> None:
    assert body({"body": json.dumps({"kind": text})}) is None
    assert body({"body": json.dumps({"deep": [{text: 1}]})}) is None


@pytest.mark.parametrize("text", ["\U0001f680", "\\u0000", "\\\\u0000", "\\ud800", "ñ", ""])
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert body({"body": json.dumps({"kind": text})}) == {"kind": text}
    assert body({"body": json.dumps({"kind": text}, ensure_ascii=False)}) == {"kind": text}


def test_a_malformed_message_comes_again_alone() -> None:
    records = [{"messageId": "bad", "body": '{"kind": "\\u0000"}'}, {"messageId": "good", "body": '{"kind": "k"}'}]
    assert sort_out(records, lambda record, content: (record["messageId"], content["kind"])) == (
        [("good", "k")],
        ["bad"],
    )
