"""LocalStack's gateway on exactly the addresses of GATEWAY_LISTEN, a thread a connection.

Stock LocalStack serves it through twisted: that binds 0.0.0.0 whatever GATEWAY_LISTEN says, and hands each request from
the reactor's thread to a pool's and each answer back, which costs more than many of the calls themselves. The clients
here are few and keep their connections, so a thread can stay with its connection from request to answer.
"""

import socket
import ssl
import threading
from contextlib import suppress

from localstack.config import HostAndPort
from localstack.runtime.server.core import RuntimeServer
from rolo.gateway import Gateway
from rolo.gateway.wsgi import WsgiGateway

from mtd_localstack.gateway.connection import GatewayConnection

_BACKLOG = 512
_TLS_HANDSHAKE = b"\x16"
_HANDSHAKE_SECONDS = 10


class LoopbackRuntimeServer(RuntimeServer):
    """Serves until ``shutdown``."""

    def __init__(self) -> None:
        self._listeners: list[tuple[socket.socket, WsgiGateway, ssl.SSLContext | None]] = []
        self._ended = threading.Event()

    def register(
        self,
        gateway: Gateway,
        listen: list[HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Serve the gateway, by HTTP and HTTPS on the same port. Raises OSError for a taken port."""
        tls = None
        if ssl_creds:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*ssl_creds)
        for address in listen:
            family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
            try:
                listener = socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
            except OSError as error:
                raise OSError(
                    error.errno, f"cannot listen on {address.host}:{address.port}: {error.strerror}"
                ) from error
            self._listeners.append((listener, WsgiGateway(gateway), tls))

    def run(self) -> None:
        """Serve until ``shutdown``."""
        for listener in self._listeners:
            threading.Thread(target=_accept, args=listener, name="gateway", daemon=True).start()
        self._ended.wait()

    def shutdown(self) -> None:
        """Take no more connections; those that are open end with the process."""
        for listener, _, _ in self._listeners:
            with suppress(OSError):
                # Wakes up the thread that waits in accept, which close alone does not.
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._ended.set()


def _accept(listener: socket.socket, application: WsgiGateway, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except ConnectionAbortedError:
            continue
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, application, tls), daemon=True).start()


def _serve(connection: socket.socket, application: WsgiGateway, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError), connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is None or connection.recv(1, socket.MSG_PEEK) != _TLS_HANDSHAKE:
            GatewayConnection(connection, application, "http").serve()
            return
        connection.settimeout(_HANDSHAKE_SECONDS)
        with tls.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.settimeout(None)
            GatewayConnection(encrypted, application, "https").serve()
