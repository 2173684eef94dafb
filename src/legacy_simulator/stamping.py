"""The stamp of a document (TED, timbre electrónico), signed with the key of its CAF: RSA with SHA-1, as the SII has it.

The keys are made here and mean nothing: the SII signs a real CAF, and nobody signs these.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

_BITS = 1024
_TEST_KEY_ID = 100
"""IDK of the SII's certification environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caf:
    """A range of folios with the key that stamps its documents (PEM)."""

    issuer: str
    document_type: int
    first: int
    last: int
    authorised_on: str
    key: str


def new_key() -> str:
    """A private key in PEM."""
    key = generate_private_key(public_exponent=65537, key_size=_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def stamp(caf: Caf, folio: int, document: dict[str, Any], moment: datetime) -> str:
    """The TED, without a break between its elements, so that what is signed is what is read ([F] p. 46).

    `document` has day, receiver, name, total and item, as texts.
    """
    dd = _flat(
        ("RE", caf.issuer),
        ("TD", caf.document_type),
        ("F", folio),
        ("FE", document["day"]),
        ("RR", document["receiver"]),
        ("RSR", document["name"][:40]),
        ("MNT", document["total"]),
        ("IT1", document["item"][:40]),
    )
    signed = f"<DD>{dd}{_caf(caf)}<TSTED>{moment:%Y-%m-%dT%H:%M:%S}</TSTED></DD>"
    return f'<TED version="1.0">{signed}<FRMT algoritmo="SHA1withRSA">{_signature(caf.key, signed)}</FRMT></TED>'


def _caf(caf: Caf) -> str:
    numbers = _key(caf.key).public_key().public_numbers()
    modulus, exponent = (_base64(number) for number in (numbers.n, numbers.e))
    da = _flat(("RE", caf.issuer), ("RS", "SIMULADOR"), ("TD", caf.document_type))
    da += f"<RNG><D>{caf.first}</D><H>{caf.last}</H></RNG><FA>{caf.authorised_on}</FA>"
    da += f"<RSAPK><M>{modulus}</M><E>{exponent}</E></RSAPK><IDK>{_TEST_KEY_ID}</IDK>"
    signature = _signature(caf.key, f"<DA>{da}</DA>")
    return f'<CAF version="1.0"><DA>{da}</DA><FRMA algoritmo="SHA1withRSA">{signature}</FRMA></CAF>'


def _flat(*fields: tuple[str, Any]) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields)


@lru_cache(maxsize=64)
def _key(pem: str) -> RSAPrivateKey:

    key = load_pem_private_key(pem.encode("ascii"), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def _signature(pem: str, text: str) -> str:

    # The SII prescribes SHA-1; nothing is kept safe by it here.
    return base64.b64encode(_key(pem).sign(text.encode("iso-8859-1"), PKCS1v15(), SHA1())).decode("ascii")


def _base64(number: int) -> str:
    return base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode("ascii")
