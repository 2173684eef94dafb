"""Folios: ranges that the SII authorises (CAF) for one issuer and one kind of document, and how they are used up."""

import sqlite3
from datetime import date, timedelta
from typing import Any

from legacy_simulator.faults import Refusal
from legacy_simulator.stamping import Caf, new_key

type Json = dict[str, Any]

RANGE = 10_000_000
"""How many folios an issuer is given at first. Each issuer has a range of its own, so that one is told from another."""
LAPSED = "CAF-3-517"
"""The SII's code for a document whose CAF has lapsed."""
_LAPSING = frozenset((33, 34, 56, 61))
"""Kinds whose folios are good for six months from their authorisation: those that give a tax credit (SII, Resolución
Exenta 58 of 2017)."""
_MONTHS = timedelta(days=183)


def take(db: sqlite3.Connection, issuer: str, document_type: int, today: date) -> tuple[int, Caf]:
    """The next folio and its range. Raises Refusal `CAF_AGOTADO` or `CAF-3-517`."""
    _authorise(db, issuer, document_type, today)
    first, last, folio, authorised_on, expires_on, key = db.execute(
        "select first, last, next, authorised_on, expires_on, key from issuer_cafs"
        " where issuer = ? and document_type = ?",
        (issuer, document_type),
    ).fetchone()
    if folio > last:
        raise Refusal("CAF_AGOTADO", f"No quedan folios del tipo de documento {document_type}")
    if expires_on and today > date.fromisoformat(expires_on):
        raise Refusal(LAPSED, f"CAF Vencido (Firma_DTE[{today}] - CAF[{authorised_on}]) > 6 meses")
    db.execute("update issuer_cafs set next = next + 1 where issuer = ? and document_type = ?", (issuer, document_type))
    caf = Caf(issuer=issuer, document_type=document_type, first=first, last=last, authorised_on=authorised_on, key=key)
    return folio, caf


def _authorise(db: sqlite3.Connection, issuer: str, document_type: int, today: date) -> None:
    """Gives the issuer its first range of the kind: the one set by hand, or one that no other issuer has."""
    if db.execute(
        "select 1 from issuer_cafs where issuer = ? and document_type = ?", (issuer, document_type)
    ).fetchone():
        return
    by_hand = db.execute("select first, last, next from cafs where document_type = ?", (document_type,)).fetchone()
    before = db.execute("select count(*) from issuer_cafs where document_type = ?", (document_type,)).fetchone()[0]
    first, last, folio = 1 + before * RANGE, (before + 1) * RANGE, 1 + before * RANGE
    if by_hand and (by_hand[1] != RANGE or not before):
        # A ledger of an older release has one range for all issuers: the first goes on with it.
        first, last, folio = by_hand
    dates = db.execute(
        "select authorised_on, expires_on from caf_dates where document_type = ?", (document_type,)
    ).fetchone()
    authorised_on, expires_on = dates or (None, None)
    if not dates and document_type in _LAPSING:
        expires_on = (today + _MONTHS).isoformat()
    db.execute(
        "insert into issuer_cafs values (?, ?, ?, ?, ?, ?, ?, ?)",
        (issuer, document_type, first, last, folio, authorised_on or today.isoformat(), expires_on, new_key()),
    )


def set_by_hand(db: sqlite3.Connection, document_type: int, body: Json) -> None:
    """A range for the kind: of the `issuer` that the body names, else of each that has or will have such documents."""
    first, last = int(body["first"]), int(body["last"])
    if "issuer" in body:
        db.execute(
            "insert into issuer_cafs values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (issuer, document_type)"
            " do update set first = excluded.first, last = excluded.last, next = max(next, excluded.first),"
            " authorised_on = excluded.authorised_on, expires_on = excluded.expires_on",
            (
                body["issuer"],
                document_type,
                first,
                last,
                first,
                body.get("authorised_on", ""),
                body.get("expires_on"),
                new_key(),
            ),
        )
        return
    db.execute(
        "insert into cafs (document_type, first, last, next) values (?1, ?2, ?3, ?2)"
        " on conflict (document_type) do update set first = ?2, last = ?3, next = max(next, ?2)",
        (document_type, first, last),
    )
    db.execute(
        "update issuer_cafs set first = ?2, last = ?3, next = max(next, ?2) where document_type = ?1",
        (document_type, first, last),
    )
    if "expires_on" in body:
        dates = (body.get("authorised_on", ""), body["expires_on"])
        db.execute("insert or replace into caf_dates values (?, ?, ?)", (document_type, *dates))
        db.execute(
            "update issuer_cafs set authorised_on = ?2, expires_on = ?3 where document_type = ?1",
            (document_type, *dates),
        )


def listed(db: sqlite3.Connection) -> list[Json]:
    """All ranges as Paperless lists them."""
    rows = db.execute(
        "select issuer, document_type, first, last, next, authorised_on, expires_on from issuer_cafs union all"
        " select null, c.document_type, first, last, next, d.authorised_on, d.expires_on from cafs c"
        " left join caf_dates d on d.document_type = c.document_type"
        " where c.document_type not in (select document_type from issuer_cafs) order by 2, 3"
    )
    names = ("RUTEmisor", "TipoDTE", "Desde", "Hasta", "Siguiente", "FechaAutorizacion", "FechaVencimiento")
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]
