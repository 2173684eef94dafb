"""A tax document before it has a folio: what is sent to be numbered, stamped and signed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mtd.domain.tax.issuer import Issuer
from mtd.domain.tax.kinds import BOLETAS, EXPORTS, DocumentType

MOST_CHANGES = 20
"""DscRcgGlobal in a document ([F] p. 32, [X], [B])."""

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """The Receptor; texts as they go on the wire."""

    rut: str
    name: str
    activity: str | None = None
    address: str | None = None
    district: str | None = None
    city: str | None = None
    email: str | None = None
    foreign_id: str | None = None
    nationality: str | None = None
    """Aduana's code of the country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A line: `amount` = quantity x price - discount + surcharge, in the document's currency ([F] field 38).

    Quantity and price have six decimals at most, and are None where the element cannot hold them: it takes no 0.
    """

    line_id: str
    """The order line's own identifier."""
    name: str
    description: str | None
    code: str | None
    quantity: Decimal | None
    unit: str | None
    price: Decimal | None
    discount: Decimal
    surcharge: Decimal
    amount: Decimal
    exempt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalChange:
    """A discount (below zero) or a surcharge (above zero) of the document (DscRcgGlobal)."""

    amount: Decimal
    reason: str
    exempt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Another document that this one names. `code`: 1 cancels it, 2 corrects texts, 3 corrects amounts."""

    document_type: str
    folio: str
    on: date
    code: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTotals:
    """`total` = `net` + `exempt` + `tax` ([F] field 124)."""

    net: Decimal
    exempt: Decimal
    tax: Decimal
    total: Decimal
    rate: Decimal
    """The share that IVA is of the net, 0.19."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The worth in pesos of a document in a foreign currency ([F] fields 130 to 132)."""

    pesos_per_unit: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxDocument:
    """One of the documents of an order: `part` of `parts`, counted from 1."""

    kind: DocumentType
    issued_on: date
    issuer: Issuer
    receiver: Receiver
    order_number: str
    currency: str
    gross: bool
    """Whether the amounts of details and changes hold IVA."""
    details: tuple[Detail, ...]
    changes: tuple[GlobalChange, ...]
    totals: DocumentTotals
    references: tuple[Reference, ...] = ()
    exchange: Exchange | None = None
    prepaid: Decimal = _ZERO
    """The part of `total` that was paid before, by whatever means."""
    part: int = 1
    parts: int = 1
    remarks: tuple[str, ...] = ()
    """Sentences for people about texts that were cut or replaced."""

    @property
    def is_boleta(self) -> bool:
        return self.kind in BOLETAS

    @property
    def is_export(self) -> bool:
        return self.kind in EXPORTS
