"""Whom the load balancer has logged in: with keys of our own, and everything that may be wrong with its word."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient
from tests.unit.portal.services import FakePortal

from mtd.domain.errors import UnavailableError
from portal.access.accounts import Accounts, Credentials, Login, Role
from portal.access.balancer import HEADER, BalancerAuthenticator
from portal.settings import BalancerLogin

SETTINGS = BalancerLogin(
    signer="arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/mtd/1",
    issuer="https://login.retailer.example",
    client="mtd-portal",
    keys="https://keys.example",
    administrator="first@retailer.example",
)
KEY_ID = "0b1c2d3e-0000-4000-8000-000000000001"
OURS, THEIRS = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


class Known:
    """Users by name."""

    def __init__(self) -> None:
        self.roles: dict[str, Role] = {}

    def log_in_known(self, name: str, role: Role) -> Login:
        self.roles.setdefault(name, role)
        return Login(user_id=1, name=name)


class Keys:
    """The endpoint of public keys."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return OURS.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def part(value: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode())  # padded, as the load balancer writes it


def token(key: ec.EllipticCurvePrivateKey = OURS, claims: dict[str, Any] | None = None, **header: object) -> str:
    head = {
        "alg": "ES256",
        "typ": "JWT",
        "kid": KEY_ID,
        "signer": SETTINGS.signer,
        "iss": SETTINGS.issuer,
        "client": SETTINGS.client,
        "exp": int(time.time()) + 120,
    } | header
    body = {"sub": "1", "email": "Ana@Retailer.example"} if claims is None else claims
    signed = part({name: value for name, value in head.items() if value is not None}) + b"." + part(body)
    raw = jwt.get_algorithm_by_name("ES256").sign(signed, key)
    return (signed + b"." + base64.urlsafe_b64encode(raw)).decode()


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def authenticator(keys: Keys, known: Known) -> BalancerAuthenticator:
    return BalancerAuthenticator(SETTINGS, cast(Accounts, known), keys)


def enter(authenticator: BalancerAuthenticator, shown: str) -> Login:
    return authenticator.log_in(Credentials(token=shown, address="10.0.0.1"))


def test_a_person_is_let_in_by_mail_address_and_the_key_is_fetched_once(
    authenticator: BalancerAuthenticator, keys: Keys, known: Known
) -> None:
    assert enter(authenticator, token()).name == "ana@retailer.example"
    assert enter(authenticator, token(claims={"email": SETTINGS.administrator})).user_id == 1
    assert known.roles == {"ana@retailer.example": Role.VIEWER, SETTINGS.administrator: Role.ADMINISTRATOR}
    assert keys.asked == [f"https://keys.example/{KEY_ID}"]


UNSIGNED = (
    part(
        {
            "alg": "none",
            "kid": KEY_ID,
            "signer": SETTINGS.signer,
            "iss": SETTINGS.issuer,
            "client": SETTINGS.client,
            "exp": 9_999_999_999,
        }
    )
    + b"."
    + part({"email": "ana@retailer.example"})
    + b"."
).decode()
WRONG: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no token": lambda: "a.b",
    "another key's signature": lambda: token(THEIRS),
    "another signer": lambda: token(signer=SETTINGS.signer + "2"),
    "no signer": lambda: token(signer=None),
    "another issuer": lambda: token(iss="https://evil.example"),
    "another client": lambda: token(client="other"),
    "expired": lambda: token(exp=int(time.time()) - 60),
    "never expires": lambda: token(exp=None),
    "expires as a word": lambda: token(exp="9999999999"),
    "unsigned": lambda: UNSIGNED,
    "signed with a shared key": lambda: jwt.encode(
        {"email": "ana@retailer.example"},
        "k" * 32,
        "HS256",
        {
            "kid": KEY_ID,
            "signer": SETTINGS.signer,
            "iss": SETTINGS.issuer,
            "client": SETTINGS.client,
            "exp": 9_999_999_999,
        },
    ),
    "a key elsewhere": lambda: token(kid="../../evil"),
    "no mail address": lambda: token(claims={"sub": "1"}),
    "a mail address that is none": lambda: token(claims={"email": "a b@c"}),
    "an unverified mail address": lambda: token(claims={"email": "ana@retailer.example", "email_verified": False}),
    "claims changed": lambda: ".".join(
        [token().split(".")[0], part({"email": "boss@retailer.example"}).decode(), token().split(".")[2]]
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_anything_else_is_nobody(authenticator: BalancerAuthenticator, known: Known, case: str) -> None:
    assert enter(authenticator, WRONG[case]()).user_id is None
    assert known.roles == {}


def test_keys_that_cannot_be_had_are_said_to_be_away(known: Known) -> None:
    authenticator = BalancerAuthenticator(SETTINGS, cast(Accounts, known), _away)
    with pytest.raises(UnavailableError):
        enter(authenticator, token())


def _away(url: str) -> bytes:
    raise UnavailableError(url, code="keys_unavailable")


def behind(authenticator: BalancerAuthenticator, folder: Path) -> TestClient:
    return FakePortal(folder, authenticator, secure=True).client()


def test_behind_the_load_balancer_nobody_sees_a_form(authenticator: BalancerAuthenticator, tmp_path: Path) -> None:
    client = behind(authenticator, tmp_path)

    refused = client.get("/login")
    let_in = client.get("/login?next=/waiting", headers={HEADER: token()})
    posted = client.post("/login", data={"name": "ana", "password": "right", "csrf": "x"})

    assert (refused.status_code, "password" in refused.text) == (403, False)
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/waiting")
    assert "mtd_session=" in let_in.headers["set-cookie"]
    assert posted.status_code == 403


def test_a_link_leads_nobody_elsewhere(authenticator: BalancerAuthenticator, tmp_path: Path) -> None:
    answer = behind(authenticator, tmp_path).get("/login?next=//evil.example", headers={HEADER: token()})

    assert answer.headers["location"] == "/"
