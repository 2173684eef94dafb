"""The addresses that systems may have, by name and by where the name leads."""

import socket
from typing import Any

import pytest

from mtd.adapters.systems.addresses import AllowedAddresses
from mtd.domain.errors import InvalidRequest, NoAnswerError

ALLOWED = AllowedAddresses.read("fraud.example, *.retailer.example,10.1.2.3:8080, local.test:*", "10.0.0.0/10")


@pytest.mark.parametrize(
    "url",
    [
        "https://fraud.example/x",
        "https://FRAUD.example:443",
        "https://eom.retailer.example",
        "https://a.b.retailer.example",
        "http://10.1.2.3:8080",
        "http://local.test:4711",
    ],
)
def test_listed_hosts_may_be_called(url: str) -> None:
    ALLOWED.check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://fraud.example.evil.example",
        "https://fraud.example:8443",
        "https://retailer.example",
        "https://evilretailer.example",
        "http://10.1.2.3",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:9001",
        "ftp://fraud.example",
        "file:///etc/passwd",
    ],
)
def test_other_hosts_may_not(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ALLOWED.check_url(url)
    assert refused.value.code == "address_refused"


@pytest.fixture
def leads_to(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has every name lead to these addresses."""

    def lead(*addresses: str) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    return lead


@pytest.mark.parametrize("address", ["93.184.216.34", "10.1.2.3", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_and_listed_networks_may_be_called(leads_to: Any, address: str) -> None:
    leads_to(address)

    assert ALLOWED.resolved("fraud.example", 443, encrypted=True) == [address]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "169.254.169.254",
        "10.200.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_may_not_whatever_the_name(leads_to: Any, address: str) -> None:
    leads_to("93.184.216.34", address)

    with pytest.raises(NoAnswerError) as refused:
        ALLOWED.resolved("fraud.example", 443, encrypted=True)
    assert refused.value.code == "address_refused"


def test_without_encryption_only_listed_networks_may(leads_to: Any) -> None:
    leads_to("93.184.216.34")
    with pytest.raises(NoAnswerError):
        ALLOWED.resolved("fraud.example", 80, encrypted=False)

    leads_to("10.1.2.3")
    assert ALLOWED.resolved("fraud.example", 80, encrypted=False) == ["10.1.2.3"]


def test_a_listed_network_does_not_open_the_metadata_address(leads_to: Any) -> None:
    leads_to("169.254.169.254")

    with pytest.raises(NoAnswerError):
        AllowedAddresses.read("x.test", "0.0.0.0/0").resolved("x.test", 443, encrypted=True)


def test_without_a_list_nothing_may_be_called() -> None:
    with pytest.raises(InvalidRequest, match="none"):
        AllowedAddresses.read("", "").check_url("https://fraud.example")


def test_a_network_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        AllowedAddresses.read("", "10.0.0.0/99")
