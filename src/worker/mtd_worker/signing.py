"""AWS Signature Version 4, as API Gateway asks for it.

Source: AWS, "Create a signed AWS API request".
"""

import hashlib
import hmac
import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "execute-api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The keys of an IAM identity."""

    access_key: str
    secret_key: str
    #: Of temporary credentials.
    session_token: str = ""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> "Credentials":
        """The usual variables. Raises KeyError that names a missing one."""
        env = os.environ if environment is None else environment
        return cls(
            access_key=env["AWS_ACCESS_KEY_ID"],
            secret_key=env["AWS_SECRET_ACCESS_KEY"],
            session_token=env.get("AWS_SESSION_TOKEN", ""),
        )


def signed(url: str, body: bytes, region: str, credentials: Credentials, now: datetime | None = None) -> dict[str, str]:
    """The headers of a signed POST of that JSON body."""
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    parts = urllib.parse.urlsplit(url)
    headers = {"content-type": "application/json", "host": parts.netloc, "x-amz-date": moment}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(headers))
    # Every service but S3 signs the path quoted once more.
    path = urllib.parse.quote(parts.path or "/", safe="/~")
    canonical = "\n".join(
        [
            "POST",
            path,
            parts.query,
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{moment[:8]}/{region}/{_SERVICE}/aws4_request"
    text = "\n".join([_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    named = f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": named}
