"""People whom the load balancer has logged in: its signed word for who they are.

Rules: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
"""

import logging
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import jwt

from mtd.domain.errors import UnavailableError
from portal.access.accounts import Accounts, Credentials, Login, Role
from portal.settings import BalancerLogin

LOG = logging.getLogger(__name__)
HEADER = "x-amzn-oidc-data"
COOKIES = tuple(f"AWSELBAuthSessionCookie-{number}" for number in range(4))

_KEY_ID = re.compile(r"[0-9a-fA-F-]{8,64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,79}")
_LEEWAY_SECONDS = 10
_MOST_KEYS = 20


class BalancerAuthenticator:
    """Serves `Authenticator`: the load balancer has logged the person in; a new person begins as a viewer."""

    has_form = False

    def __init__(
        self,
        settings: BalancerLogin,
        accounts: Accounts,
        fetch: Callable[[str], bytes] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`fetch` gives what lies at a URL, `now` is in seconds since 1970."""
        self._settings = settings
        self._accounts = accounts
        self._fetch = fetch or _fetched
        self._now = now
        self._keys: dict[str, bytes] = {}

    def log_in(self, attempt: Credentials) -> Login:
        """Raises UnavailableError when the keys cannot be had."""
        name = self._name(attempt.token)
        if name is None:
            return Login()
        role = Role.ADMINISTRATOR if name == self._settings.administrator else Role.VIEWER
        return self._accounts.log_in_known(name, role)

    def _name(self, token: str) -> str | None:
        """The mail address that the load balancer vouches for; None when it does not."""
        try:
            claims = self._claims(token)
        except (jwt.InvalidTokenError, ValueError) as error:
            LOG.warning("the load balancer's token is refused", extra={"reason": str(error)})
            return None
        mail = str(claims.get("email") or "").strip().lower()
        if not _NAME.fullmatch(mail) or claims.get("email_verified") in (False, "false"):
            LOG.warning("the load balancer's token names no usable mail address")
            return None
        return mail

    def _claims(self, token: str) -> dict[str, Any]:
        """The claims of a valid token. Signer, client and expiry are in its header, which the signature covers too."""
        header = jwt.get_unverified_header(token)
        expected = {
            "alg": "ES256",
            "signer": self._settings.signer,
            "iss": self._settings.issuer,
            "client": self._settings.client,
        }
        wrong = [name for name, value in expected.items() if header.get(name) != value]
        if wrong:
            raise jwt.InvalidTokenError(f"wrong {', '.join(wrong)}")
        ends = header.get("exp")
        if not isinstance(ends, int) or ends + _LEEWAY_SECONDS < self._now():
            raise jwt.ExpiredSignatureError("expired")
        key = self._key(str(header.get("kid", "")))
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=["ES256"], options=options)
        return claims

    def _key(self, key_id: str) -> Any:
        """The PEM of that id; each is fetched once. It goes into a URL, so it is an id and nothing else."""
        if not _KEY_ID.fullmatch(key_id):
            raise jwt.InvalidTokenError("the key's id is none")
        if key_id not in self._keys:
            pem = self._fetch(f"{self._settings.keys}/{key_id}")
            while len(self._keys) >= _MOST_KEYS:
                self._keys.pop(next(iter(self._keys)))
            self._keys[key_id] = pem
        return self._keys[key_id]


def _fetched(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            content: bytes = response.read(10_000)
            return content
    except urllib.error.HTTPError as error:
        if error.code < 500:
            raise jwt.InvalidTokenError(f"there is no such key: {error.code}") from error
        raise UnavailableError(f"the load balancer's keys: {error}", code="keys_unavailable") from error
    except OSError as error:
        raise UnavailableError(f"the load balancer's keys: {error}", code="keys_unavailable") from error
