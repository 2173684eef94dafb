"""LocalStack's twisted server, bound to exactly the addresses of GATEWAY_LISTEN, with a thread pool of our size."""

import os

from localstack.aws.serving.twisted import TLSMultiplexerFactory, stop_thread_pool
from localstack.config import HostAndPort
from localstack.runtime.server.twisted import TwistedRuntimeServer
from localstack.utils import patch
from rolo.gateway import Gateway
from rolo.serving.twisted import TwistedGateway
from twisted.internet import reactor, ssl  # type: ignore[import-not-found]

DEFAULT_THREADS = 32


class LoopbackRuntimeServer(TwistedRuntimeServer):
    """Stock LocalStack binds 0.0.0.0 whatever GATEWAY_LISTEN says, and starts up to 1000 threads."""

    def register(
        self,
        gateway: Gateway,
        listen: list[HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Serve the gateway, by HTTP and HTTPS on the same port. Raises CannotListenError for a taken port."""
        factory = TwistedGateway(gateway)
        if ssl_creds:
            certificate, key = ssl_creds
            tls = ssl.DefaultOpenSSLContextFactory(key, certificate)
            tls.getContext().use_certificate_chain_file(certificate)
            factory = TLSMultiplexerFactory(tls, False, factory)
        for address in listen:
            reactor.listenTCP(address.port, factory, interface=address.host)

    def run(self) -> None:
        """Serve until ``shutdown``."""
        reactor.suggestThreadPoolSize(int(os.environ.get("MTD_GATEWAY_THREADS") or DEFAULT_THREADS))
        self.thread_pool = reactor.getThreadPool()
        patch.patch(self.thread_pool.stop)(stop_thread_pool)
        reactor.run(installSignalHandlers=False)
