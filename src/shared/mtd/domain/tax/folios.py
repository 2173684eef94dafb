"""Folios: the series of an issuer and a kind of document, and the ranges that the SII has authorised for it (CAF)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Self

_CIRCUIT = re.compile(r"folios-(\d{1,8}-[\dK])-(\d{1,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolioSeries:
    """The folios of one kind of document of one issuer. Issuers never share a series."""

    #: The issuer's RUT, as the SII writes it.
    issuer: str
    document_type: int

    @property
    def circuit(self) -> str:
        """The name of the circuit where orders wait for folios of the series."""
        return f"folios-{self.issuer}-{self.document_type}"

    @classmethod
    def of_circuit(cls, name: str) -> Self | None:
        """The series whose circuit has that name; None for the circuit of a system."""
        found = _CIRCUIT.fullmatch(name)
        return cls(issuer=found[1], document_type=int(found[2])) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolioRange:
    """A range of folios that the SII has authorised (CAF), with Paperless's dates."""

    #: None where Paperless's list does not name the issuer.
    issuer: str | None
    document_type: int
    left: int
    expires_on: date | None

    def usable(self, today: date) -> bool:
        """Whether folios are left in it that have not lapsed."""
        return self.left > 0 and not self.lapsed(today)

    def lapsed(self, today: date) -> bool:
        """Whether its folios are too old to be used."""
        return self.expires_on is not None and self.expires_on <= today

    def serves(self, series: FolioSeries) -> bool:
        """Whether it is a range of the series."""
        return self.document_type == series.document_type and self.issuer in (None, series.issuer)


def has_folios(series: FolioSeries, ranges: Iterable[FolioRange], today: date) -> bool:
    """Whether at least one range of the series can be used today."""
    return any(each.serves(series) and each.usable(today) for each in ranges)
