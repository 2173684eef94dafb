"""Paperless's simulator checks, numbers and stamps documents as the real one does."""

import asyncio
import base64
import json
from collections.abc import Iterator
from xml.etree import ElementTree

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA1
from tests.support.dte_files import dte

from legacy_simulator.app import create_app


class Paperless:
    """A client in the thread of the application, whose ledger belongs to one thread."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        transport = httpx.ASGITransport(create_app(":memory:"))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://legacy")

    def issue(self, content: str, key: str) -> dict[str, str]:
        """The answer's fields."""
        call = self._client.post(
            "/paperless/dte", content=content.encode("iso-8859-1"), headers={"Idempotency-Key": key}
        )
        return self._fields(call)

    def caf(self, kind: int, **settings: object) -> None:
        """Set a range of folios by hand."""
        self._runner.run(self._client.put(f"/control/cafs/{kind}", content=json.dumps(settings)))

    def _fields(self, call: "asyncio.Future[httpx.Response] | object") -> dict[str, str]:
        answer: httpx.Response = self._runner.run(call)  # type: ignore[arg-type]
        return {child.tag: child.text or "" for child in ElementTree.fromstring(answer.content)}


@pytest.fixture
def paperless() -> Iterator[Paperless]:
    with asyncio.Runner() as runner:
        yield Paperless(runner)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<TipoDTE>33<", "<TipoDTE>99<", "ENV-3-0"),
        ("<MntTotal>1190<", "<MntTotal>1190.5<", "ENV-3-0"),
        ("<Acteco>479100</Acteco>", "", "ENV-3-0"),
        ("<MntTotal>1190<", "<MntTotal>1191<", "MONTOS_NO_CUADRAN"),
        ("<IVA>190</IVA><MntTotal>1190<", "<IVA>0</IVA><MntTotal>1000<", "MONTOS_NO_CUADRAN"),
    ],
)
def test_a_wrong_document_is_refused_without_a_folio(paperless: Paperless, old: str, new: str, code: str) -> None:
    content = dte("N-1", kind=33)
    assert old in content

    assert paperless.issue(content.replace(old, new), "a")["Codigo"] == code
    assert paperless.issue(content, "b")["Folio"] == "1"


def test_a_range_is_used_up_and_its_document_refused(paperless: Paperless) -> None:
    paperless.caf(33, first=7, last=8)

    answers = [paperless.issue(dte("N-1", kind=33), key) for key in "abc"]

    assert [each.get("Folio") for each in answers] == ["7", "8", None]
    assert answers[2]["Codigo"] == "CAF_AGOTADO"


@pytest.mark.parametrize(("kind", "code"), [(33, "CAF-3-517"), (61, "CAF-3-517"), (39, "0")])
def test_a_caf_of_a_document_with_tax_credit_lapses(paperless: Paperless, kind: int, code: str) -> None:
    """SII, Resolución Exenta 58 of 2017: six months; boletas do not lapse."""
    lapsed = {"expires_on": "2026-01-01", "authorised_on": "2025-07-01"} if kind != 39 else {}
    paperless.caf(kind, first=1, last=9, **lapsed)

    assert paperless.issue(dte("N-1", kind=kind), "a")["Codigo"] == code


def test_each_issuer_has_a_series_of_its_own(paperless: Paperless) -> None:
    ours, theirs = dte("N-1", kind=33), dte("N-1", kind=33).replace("76123456-0", "77890123-4")

    folios = [
        int(paperless.issue(content, key)["Folio"]) for key, content in zip("abcd", (ours, theirs) * 2, strict=True)
    ]

    assert folios == [1, 10_000_001, 2, 10_000_002]


def test_a_key_is_of_one_document(paperless: Paperless) -> None:
    first = paperless.issue(dte("N-1"), "a")

    assert paperless.issue(dte("N-1"), "a") == first
    assert paperless.issue(dte("N-1", total=5000), "a")["Codigo"] == "DTE-3-101"


def test_the_stamp_can_be_verified_with_the_key_of_its_caf(paperless: Paperless) -> None:
    """[F] p. 46: FRMT is RSA with SHA-1 over the DD as it stands, in ISO-8859-1."""
    content = dte("N-1", kind=33).replace(
        "<RznSocRecep>Ana Rojas<", "<RznSocRecep>Ñandú &amp; Cía. Ltda. " + "x" * 40 + "<"
    )
    stamp = paperless.issue(content, "a")["TED"]
    root = ElementTree.fromstring(stamp)
    modulus, exponent = (
        int.from_bytes(base64.b64decode(root.findtext(f".//RSAPK/{name}") or ""), "big") for name in "ME"
    )
    key = RSAPublicNumbers(exponent, modulus).public_key()
    signed = stamp[stamp.index("<DD>") : stamp.index("</DD>") + 5].encode("iso-8859-1")
    signature = base64.b64decode(root.findtext("FRMT") or "")

    key.verify(signature, signed, PKCS1v15(), SHA1())

    assert [root.findtext(f"DD/{name}") for name in ("RE", "TD", "F", "RR", "MNT", "IT1")] == (
        " 76123456-0 33 1 76086428-5 1190 Silla"
    ).split()
    assert root.findtext("DD/RSR") == ("Ñandú & Cía. Ltda. " + "x" * 40)[:40]
    with pytest.raises(InvalidSignature):
        key.verify(signature, signed.replace(b"<MNT>1190<", b"<MNT>1<"), PKCS1v15(), SHA1())
