"""Credentials of systems, as secrets hold them."""

import base64
import json
from typing import Any

import pytest

from mtd.adapters.systems.credentials import read_credentials
from mtd.domain.errors import NoAnswerError


def read(**fields: Any) -> Any:
    return read_credentials(json.dumps(fields))


def test_each_kind_has_its_header() -> None:
    basic = base64.b64encode(b"me:pass:word").decode()
    assert read(kind="basic", username="me", password="pass:word").headers() == {"Authorization": f"Basic {basic}"}
    assert read(kind="bearer", token="T").headers() == {"Authorization": "Bearer T"}
    assert read(kind="api_key", key="K").headers() == {"X-API-Key": "K"}
    assert read(kind="api_key", key="K", header="Api-Token").headers() == {"Api-Token": "K"}


def test_a_client_asks_its_token_server_with_quoted_credentials() -> None:
    found = read(kind="oauth2", client_id="a b", client_secret="c:d", token_url="https://t.example", scope="orders")

    url, headers, form = found.token_request()

    assert url == "https://t.example"
    assert headers == {"Authorization": "Basic " + base64.b64encode(b"a%20b:c%3Ad").decode()}
    assert form == {"grant_type": "client_credentials", "scope": "orders"}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "kind"),
        ({"kind": "digest"}, "kind"),
        ({"kind": ["basic"]}, "kind"),
        ({"kind": "basic", "username": "S3CRET"}, "password"),
        ({"kind": "bearer", "token": "S3CRET\r\nX-Other: 1"}, "token"),
        ({"kind": "bearer", "token": "S3CRET\u2028"}, "token"),
        ({"kind": "api_key", "key": "S3CRET", "header": 7}, "header"),
        ({"kind": "mtls", "certificate": "S3CRET"}, "private_key"),
        ({"kind": "bearer", "token": "S3CRET", "certificate": "S3CRET"}, "private_key"),
    ],
)
def test_a_secret_that_is_wrong_is_told_of_by_its_field_alone(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(NoAnswerError, match=told) as refused:
        read(**fields)
    assert refused.value.code == "secret_malformed"
    assert "S3CRET" not in str(refused.value)


def test_a_secret_that_is_no_json_is_not_shown() -> None:
    with pytest.raises(NoAnswerError) as refused:
        read_credentials("S3CRET")
    assert "S3CRET" not in repr(refused.value)


def test_credentials_have_no_representation() -> None:
    assert "S3CRET" not in repr(read(kind="bearer", token="S3CRET"))


def test_certificates_that_cannot_be_read_are_not_shown() -> None:
    found = read(kind="mtls", certificate="S3CRET", private_key="S3CRET")

    with pytest.raises(NoAnswerError) as refused:
        found.context()
    assert (refused.value.code, "S3CRET" in str(refused.value)) == ("secret_malformed", False)
