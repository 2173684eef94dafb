"""Refuses requests that a page of another site has the developer's browser make.

The emulator has no passwords: whoever reaches its port may open a circuit or read the database's. Only this machine's
programs reach it, and a browser is one. A browser names the page's site in `Origin` and `Sec-Fetch-Site`. A public name
that an attacker points at this machine stands in `Host`. Programs such as boto3 and curl send none of them.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

_OWN_NAMES = frozenset({"127.0.0.1", "localhost.localstack.cloud"})
_OWN_DOMAINS = (".localhost", ".localhost.localstack.cloud")
_OWN_SITES = frozenset({"none", "same-origin"})


def refusal(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The reason to refuse a request with these headers; None for a program of this machine, or a page of ours."""
    found = {name.lower().decode("latin-1"): value.decode("latin-1").strip() for name, value in headers}
    host = found.get("host", "")
    if host and not _is_own(_host_name(host)):
        return f"the host {host[:100]!r} is none of this machine's names"
    site = found.get("sec-fetch-site")
    if site is not None and site not in _OWN_SITES:
        return "a page of another site asked for it"
    origin = found.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return f"a page of {origin[:100]!r} asked for it"
    return None


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return host


def _is_own(name: str) -> bool:
    """A name without a dot is a container's or a machine's of this network: nobody else can register one."""
    return "." not in name or name in _OWN_NAMES or name.endswith(_OWN_DOMAINS)
