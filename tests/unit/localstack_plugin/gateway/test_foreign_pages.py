"""Requests that another site's page has a browser make."""

import pytest
from mtd_localstack.gateway.foreign_pages import refusal

OWN = (b"Host", b"127.0.0.1:4566")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [OWN],
        [(b"Host", b"localhost:4566")],
        [(b"host", b"[::1]:4566")],
        [(b"Host", b"s3.us-west-2.localhost")],
        [(b"Host", b"abc.execute-api.localhost.localstack.cloud:4566")],
        [(b"Host", b"localstack:4566")],
        [OWN, (b"Sec-Fetch-Site", b"none")],
        [OWN, (b"Origin", b"http://127.0.0.1:4566"), (b"Sec-Fetch-Site", b"same-origin")],
    ],
)
def test_programs_and_own_pages_are_served(headers: list[tuple[bytes, bytes]]) -> None:
    assert refusal(headers) is None


@pytest.mark.parametrize(
    "headers",
    [
        [OWN, (b"Origin", b"https://evil.example")],
        [OWN, (b"Origin", b"null")],
        [OWN, (b"Origin", b"http://127.0.0.1:8080")],
        [OWN, (b"Origin", b"http://127.0.0.1:4566.evil.example")],
        [OWN, (b"Sec-Fetch-Site", b"cross-site")],
        [OWN, (b"Sec-Fetch-Site", b"same-site")],
        [(b"Host", b"evil.example:4566")],
        [(b"Host", b"127.0.0.1.evil.example")],
        [(b"Host", b"evil.localhost.example")],
        [(b"Host", b"[evil.example")],
        [(b"Host", b"rebound.example"), (b"Origin", b"http://rebound.example"), (b"Sec-Fetch-Site", b"same-origin")],
    ],
)
def test_other_pages_are_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert refusal(headers) is not None
