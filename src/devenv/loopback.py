"""Calls to this machine's own servers go straight there, whatever proxies the user's shell names."""

from collections.abc import MutableMapping

_OWN_HOSTS = ("127.0.0.1", "localhost")


def bypass_proxies(environ: MutableMapping[str, str]) -> None:
    """Add this machine to NO_PROXY, and keep what the user has there.

    urllib and botocore read either spelling, and the lower-case one first.
    """
    given = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in given.split(",") if host.strip()]
    if "*" not in hosts:
        hosts += [host for host in _OWN_HOSTS if host not in hosts]
    environ["no_proxy"] = environ["NO_PROXY"] = ",".join(hosts)
