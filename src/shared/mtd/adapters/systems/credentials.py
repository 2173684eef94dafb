"""Credentials of connected systems: JSON in Secrets Manager, which says their kind and holds their values.

| kind | fields |
|---|---|
| `basic` | `username`, `password` |
| `bearer` | `token` |
| `api_key` | `key`; `header`, by default `X-API-Key` |
| `oauth2` | `client_id`, `client_secret`, `token_url`; `scope`, `audience` (client credentials, RFC 6749, 4.4) |
| `mtls` | `certificate`, `private_key`, PEM |

Any kind may also have `certificate` and `private_key`, and `authorities`, PEM, instead of the usual authorities.
"""

import base64
import json
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mtd.domain.errors import NoAnswerError

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "basic": ("username", "password"),
    "bearer": ("token",),
    "api_key": ("key",),
    "oauth2": ("client_id", "client_secret", "token_url"),
    "mtls": ("certificate", "private_key"),
}
_PEM = frozenset({"certificate", "private_key", "authorities"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SystemCredentials:
    """The values of a secret. They have no representation, so that no log shows them."""

    kind: str
    values: Mapping[str, str]

    def headers(self) -> dict[str, str]:
        """The header that lets in; none for `oauth2`, whose token comes from its server, and for `mtls`."""
        match self.kind:
            case "basic":
                return {"Authorization": _basic(self.values["username"], self.values["password"])}
            case "bearer":
                return {"Authorization": f"Bearer {self.values['token']}"}
            case "api_key":
                return {self.values.get("header", "X-API-Key"): self.values["key"]}
        return {}

    def token_request(self) -> tuple[str, dict[str, str], dict[str, str]]:
        """The address, headers and form of the request for a token. The client's id and secret go into a header
        (RFC 6749, 2.3.1), each quoted as a form's value."""
        client_id, client_secret = (quote(self.values[name], safe="") for name in ("client_id", "client_secret"))
        form = {"grant_type": "client_credentials"}
        form |= {name: self.values[name] for name in ("scope", "audience") if name in self.values}
        return self.values["token_url"], {"Authorization": _basic(client_id, client_secret)}, form

    def context(self) -> ssl.SSLContext | None:
        """The TLS settings; None for the usual ones. Raises NoAnswerError (`secret_malformed`)."""
        if not _PEM & self.values.keys():
            return None
        try:
            context = ssl.create_default_context(cadata=self.values.get("authorities"))
            if "certificate" in self.values:
                _load_certificate(context, self.values["certificate"], self.values["private_key"])
        except (ssl.SSLError, ValueError, OSError):
            # Without the error: it may repeat what it was given.
            raise malformed("certificate, private_key or authorities cannot be read as PEM") from None
        return context


def read_credentials(text: str) -> SystemCredentials:
    """The credentials of a secret's text. Raises NoAnswerError (`secret_malformed`) that names the field, not its
    value."""
    try:
        document: Any = json.loads(text)
    except ValueError:
        raise malformed("it is no JSON object") from None
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise malformed(f"its kind must be one of {', '.join(_FIELDS)}")
    values = {name: value for name, value in document.items() if name != "kind"}
    wanted = (*_FIELDS[kind], *(("private_key",) if "certificate" in values else ()))
    for name in wanted:
        if not values.get(name):
            raise malformed(f"{name} is missing")
    for name, value in values.items():
        if not isinstance(value, str) or (name not in _PEM and not _is_header_value(value)):
            raise malformed(f"{name} must be a text without line breaks")
    return SystemCredentials(kind=kind, values=values)


def malformed(reason: str) -> NoAnswerError:
    """The error of a secret that cannot be used."""
    return NoAnswerError(f"the system's secret cannot be used: {reason}", code="secret_malformed")


def _is_header_value(value: str) -> bool:
    return all(" " <= each <= "\xff" and each != "\x7f" for each in value)


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _load_certificate(context: ssl.SSLContext, certificate: str, private_key: str) -> None:
    """OpenSSL reads certificates from files: one that only this user can read, for the moment."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{certificate.strip()}\n{private_key.strip()}\n")
        file.flush()
        # A password that is never asked for keeps OpenSSL from asking a terminal.
        context.load_cert_chain(Path(file.name), password="")
