"""Whether the amounts of a document add up: what Paperless checks before it spends a folio.

The SII takes a document whose IVA is not its rate of the net ("Formato Documentos Tributarios Electrónicos", p. 10); it
is corrected by a note. So only sums are checked, and an IVA of 0 where the net is taxed.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from xml.etree import ElementTree

from legacy_simulator.sii_schema import BOLETAS, NAMESPACE

AMOUNTS = "MONTOS_NO_CUADRAN"
_NS = f"{{{NAMESPACE}}}"
_ZERO = Decimal(0)


def amount_errors(content: bytes) -> list[tuple[str, str]]:
    """Code and words for what does not add up in a document that the schema takes."""
    return [(AMOUNTS, problem) for problem in _problems(ElementTree.fromstring(content))]


def _problems(document: ElementTree.Element) -> Iterator[str]:
    totals = document.find(f".//{_NS}Totales")
    assert totals is not None
    net, exempt, tax, total = (_number(totals, name) for name in ("MntNeto", "MntExe", "IVA", "MntTotal"))
    if net + exempt + tax != total:
        yield f"MntTotal es {total}, y MntNeto, MntExe e IVA suman {net + exempt + tax}"
    parts = {True: _ZERO, False: _ZERO}
    for line in document.iter(f"{_NS}Detalle"):
        parts[line.find(f"{_NS}IndExe") is not None] += _number(line, "MontoItem")
        yield from _line(line)
    for change in document.iter(f"{_NS}DscRcgGlobal"):
        sign = -1 if change.findtext(f"{_NS}TpoMov") == "D" else 1
        parts[change.find(f"{_NS}IndExeDR") is not None] += sign * _number(change, "ValorDR")
    kind = int(document.findtext(f".//{_NS}TipoDTE") or "0")
    gross = document.find(f".//{_NS}MntBruto") is not None or (
        kind in BOLETAS and document.find(f".//{_NS}IndMntNeto") is None
    )
    taxed = total - exempt if gross else net
    if parts[False] != taxed:
        yield f"los ítems afectos suman {parts[False]}, y el documento dice {taxed}"
    if parts[True] != exempt:
        yield f"los ítems exentos suman {parts[True]}, y MntExe es {exempt}"
    if net > 2 and not tax:
        yield f"MntNeto es {net} y el IVA es 0"


def _line(line: ElementTree.Element) -> Iterator[str]:
    """A line with a price is worth its quantity times it, a unit more or less for the decimals that are not sent."""
    if line.find(f"{_NS}PrcItem") is None:
        return
    quantity = _number(line, "QtyItem") if line.find(f"{_NS}QtyItem") is not None else Decimal(1)
    worth = (quantity * _number(line, "PrcItem")).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    worth += _number(line, "RecargoMonto") - _number(line, "DescuentoMonto")
    amount = _number(line, "MontoItem")
    if abs(worth - amount) > 1:
        yield f"línea {line.findtext(f'{_NS}NroLinDet')}: MontoItem es {amount} y resulta {worth}"


def _number(parent: ElementTree.Element, name: str) -> Decimal:
    return Decimal(parent.findtext(f"{_NS}{name}") or "0")
