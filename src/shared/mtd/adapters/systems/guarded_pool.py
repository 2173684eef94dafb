"""Connections that are opened to checked addresses only."""

import ssl
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from mtd.adapters.systems.addresses import AllowedAddresses


def guarded_pool(allowed: AllowedAddresses, context: ssl.SSLContext | None = None) -> urllib3.PoolManager:
    """Connections that are kept, and make no retries. Each new one checks where its host's name leads now."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> Any:
            return _connected(self, super()._new_conn, allowed, encrypted=False)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> Any:
            return _connected(self, super()._new_conn, allowed, encrypted=True)

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Encrypted

    # As many connections to a host are kept as one batch has calls at a time.
    settings: dict[str, Any] = {"maxsize": 32, "retries": False} | ({"ssl_context": context} if context else {})
    manager = urllib3.PoolManager(**settings)
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
    return manager


def _connected(connection: Any, connect: Any, allowed: AllowedAddresses, *, encrypted: bool) -> Any:
    """A socket to one of the checked addresses. The host's name stays, for the Host header and the certificate."""
    name = connection._dns_host
    addresses = allowed.resolved(name, connection.port, encrypted=encrypted)
    try:
        for address in addresses[:-1]:
            connection._dns_host = address
            try:
                return connect()
            except urllib3.exceptions.HTTPError:
                continue
        connection._dns_host = addresses[-1]
        return connect()
    finally:
        connection._dns_host = name
