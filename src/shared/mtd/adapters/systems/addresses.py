"""The addresses that connected systems may have: hosts by name, and the networks to which the names may lead.

A declaration comes from a file that a team writes, so that it must not reach what the function's network can reach:
instance metadata, the Lambda runtime's own API, other tenants' services. A name is checked, and each address to which
it leads is checked again when a connection is opened, so that a name server cannot answer twice (DNS rebinding).
"""

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from mtd.domain.errors import InvalidRequest, NoAnswerError

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedAddresses:
    """The environment's lists."""

    hosts: tuple[str, ...]
    #: Private networks that may be reached; all public addresses may.
    networks: tuple[Network, ...] = ()

    @classmethod
    def read(cls, hosts: str, networks: str) -> "AllowedAddresses":
        """The lists from settings, separated by commas. Raises ValueError for a network that is none."""
        return cls(
            hosts=tuple(each.strip().lower() for each in hosts.split(",") if each.strip()),
            networks=tuple(ipaddress.ip_network(each.strip()) for each in networks.split(",") if each.strip()),
        )

    def check_url(self, url: str) -> None:
        """Raises InvalidRequest (`address_refused`) for an address whose host is not on the list."""
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
        if parts.scheme not in _PORTS or not any(_is_for(pattern, host, port, parts.scheme) for pattern in self.hosts):
            known = ", ".join(self.hosts) or "none"
            raise InvalidRequest(
                f"{parts.scheme}://{host}:{port} is not among the hosts that this environment lets systems have: "
                f"{known}. The parameter SystemHosts of the deployment lists them",
                code="address_refused",
            )

    def resolved(self, host: str, port: int, *, encrypted: bool) -> Sequence[str]:
        """The addresses of the host, all of which may be called.

        Without encryption they must be in the private networks of the list. Raises NoAnswerError `address_refused`, or
        `unreachable` for a name that leads nowhere.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NoAnswerError(f"the name {host} leads to no address: {error}", code="unreachable") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        for text in addresses:
            if not self._is_allowed(ipaddress.ip_address(text.partition("%")[0]), encrypted=encrypted):
                raise NoAnswerError(
                    f"{host} leads to {text}, which systems of this environment may not have: the parameter "
                    "SystemNetworks lists private networks; public addresses need https",
                    code="address_refused",
                )
        return addresses

    def _is_allowed(self, address: Address, *, encrypted: bool) -> bool:
        address = _plain(address)
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            return False
        listed = any(address.version == each.version and address in each for each in self.networks)
        return listed or (encrypted and address.is_global)


def _is_for(pattern: str, host: str, port: int, scheme: str) -> bool:
    name, _, wanted = pattern.partition(":")
    if wanted != "*" and port != (int(wanted) if wanted.isdecimal() else _PORTS[scheme]):
        return False
    return host.endswith(name[1:]) and host != name[2:] if name.startswith("*.") else host == name


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does (RFC 4291, 3056, 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
