"""Calls of this instance's own servers, in a shell that has proxies and profiles."""

import urllib.request

import pytest
from botocore.utils import get_environ_proxies

from devenv.aws import Clients
from devenv.loopback import bypass_proxies

ENDPOINT = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "intranet.example"}, "intranet.example,127.0.0.1,localhost"),
        ({"no_proxy": "a, 127.0.0.1", "NO_PROXY": "ignored"}, "a,127.0.0.1,localhost"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_the_users_exceptions_stay(given: dict[str, str], expected: str) -> None:
    bypass_proxies(given)
    assert given == {"NO_PROXY": expected, "no_proxy": expected}


def test_own_calls_use_no_proxy_and_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    environ = dict[str, str]()
    bypass_proxies(environ)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert get_environ_proxies(ENDPOINT) == {}
    assert urllib.request.proxy_bypass("127.0.0.1:4566")
    assert not urllib.request.proxy_bypass("api.example")


def test_a_profile_of_the_shell_does_not_matter_to_the_own_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")
    client = Clients(ENDPOINT).client("sqs")
    assert client.meta.endpoint_url == ENDPOINT
