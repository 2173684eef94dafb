"""The SII's schemas for a document as Paperless takes it: which fields, in which order, how often, of which type.

The fields are in `sii_fields`; one that is not there is refused. A test holds both against the SII's schemas.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from xml.etree import ElementTree

from legacy_simulator.sii_fields import BOLETA, DOCUMENT, EXPORT

NAMESPACE = "http://www.sii.cl/SiiDte"
SCHEMA_ERROR = "ENV-3-0"
"""The SII's code for a document that its schema does not take."""
BOLETAS = frozenset({39, 41})
EXPORTS = frozenset({110, 111, 112})
KINDS = frozenset({33, 34, 39, 41, 52, 56, 61, 110, 111, 112})
_FIRST_YEAR = 2000
_LAST_DAY = date(2050, 12, 31)

_CURRENCIES = frozenset(
    "BOLIVAR,BOLIVIANO,CHELIN,CORONA DIN,CORONA NOR,CORONA SC,CRUZEIRO REAL,DIRHAM,DOLAR AUST,DOLAR CAN,DOLAR HK,"
    "DOLAR NZ,DOLAR SIN,DOLAR TAI,DOLAR USA,DRACMA,ESCUDO,EURO,FLORIN,FRANCO BEL,FRANCO FR,FRANCO SZ,GUARANI,LIBRA EST,"
    "LIRA,MARCO AL,MARCO FIN,NUEVO SOL,OTRAS MONEDAS,PESETA,PESO,PESO CL,PESO COL,PESO MEX,PESO URUG,RAND,RENMINBI,"
    "RUPIA,SUCRE,YEN".split(",")
)


@dataclass(slots=True)
class Rule:
    """An element that may be there `least` to `most` times, with the elements it holds, or a type."""

    name: str
    least: int
    most: int
    kind: str
    inner: "list[Rule]" = field(default_factory=list)


def schema_errors(content: bytes) -> list[tuple[str, str]]:
    """Code and words for all that the schemas have against a document; none when they take it."""
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        return [(SCHEMA_ERROR, f"Error en Schema: no es XML: {error}")]
    return [(SCHEMA_ERROR, f"Error en Schema: {problem}") for problem in _problems(root)]


def _problems(root: ElementTree.Element) -> Iterator[str]:
    wanted = f"{{{NAMESPACE}}}"
    stranger = next((each.tag for each in root.iter() if not each.tag.startswith(wanted)), None)
    if stranger is not None:
        yield f"{stranger} no es del espacio de nombres {NAMESPACE}"
        return
    kind = root.findtext(f".//{wanted}TipoDTE") or ""
    code = int(kind) if kind.isascii() and kind.isdigit() else 0
    if code not in KINDS:
        yield f"TipoDTE {kind[:10]!r} no existe"
        return
    shape = "Exportaciones" if code in EXPORTS else "Documento"
    if _name(root) != "DTE" or [_name(child) for child in root] != [shape]:
        yield f"DTE debe contener un {shape}"
        return
    yield from _children(root[0], _shape(code), shape)


def _children(element: ElementTree.Element, rules: list[Rule], path: str) -> Iterator[str]:
    counts = dict.fromkeys((rule.name for rule in rules), 0)
    places = {rule.name: place for place, rule in enumerate(rules)}
    last = 0
    for child in element:
        name = _name(child)
        place = places.get(name)
        if place is None or place < last:
            yield f"{path}/{name} no se espera ahí"
            return
        last = place
        counts[name] += 1
        rule = rules[place]
        if rule.inner:
            yield from _children(child, rule.inner, f"{path}/{name}")
        elif not fits(rule.kind, child.text or ""):
            yield f"{path}/{name} no acepta {(child.text or '')[:40]!r}"
    for rule in rules:
        if not rule.least <= counts[rule.name] <= rule.most:
            yield f"{path}/{rule.name} está {counts[rule.name]} veces; de {rule.least} a {rule.most}"


def fits(kind: str, text: str) -> bool:
    """Whether a text is of the type.

    rut; date, from the year 2000 to 2050; date:Y, from the year Y, without an end for 1; currency; money, a whole
    number; positive, one above 0; count:N of up to N digits, or any number of them; text:N of up to N letters; word:N,
    not empty either; in:A|B; decimal:N.M above 0, of N digits and M places; amount:N.M, which may be 0; number, an
    xs:decimal. Signs and spaces that XML Schema allows around numbers are refused.
    """
    name, _, bound = kind.partition(":")
    match name:
        case "rut":
            return len(text) <= 10 and re.fullmatch(r"[0-9]+-([0-9]|K)", text) is not None
        case "date":
            return _is_day(text, int(bound or _FIRST_YEAR))
        case "currency":
            return text in _CURRENCIES
        case "money":
            return re.fullmatch(r"[0-9]{1,18}", text) is not None
        case "positive":
            return re.fullmatch(r"[0-9]{1,18}", text) is not None and int(text) > 0
        case "count":
            return re.fullmatch(rf"[0-9]{{1,{bound}}}", text) is not None and int(text) > 0
        case "text":
            return len(text) <= int(bound)
        case "word":
            return 1 <= len(text) <= int(bound)
        case "in":
            return text in bound.split("|")
        case "number":
            return re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", text) is not None
        case _:
            return _is_decimal(text, bound, zero=name == "amount")


def _is_day(text: str, first_year: int) -> bool:
    last = _LAST_DAY if first_year > 1 else date.max
    try:
        return len(text) == 10 and date(first_year, 1, 1) <= date.fromisoformat(text) <= last
    except ValueError:
        return False


def _is_decimal(text: str, bound: str, *, zero: bool) -> bool:
    digits, places = bound.split(".")
    if re.fullmatch(rf"[0-9]{{1,{digits}}}(\.[0-9]{{1,{places}}})?", text) is None:
        return False
    try:
        return zero or Decimal(text) > 0
    except InvalidOperation:
        return False


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _shape(code: int) -> list[Rule]:
    return _rules(BOLETA if code in BOLETAS else EXPORT if code in EXPORTS else DOCUMENT)


@cache
def _rules(table: str) -> list[Rule]:
    top = Rule("", 1, 1, "")
    open_rules = [(-1, top)]
    for line in filter(str.strip, table.splitlines()):
        depth = len(line) - len(line.lstrip())
        name, often, *kind = line.split()
        least, _, most = {"1": "1-1", "?": "0-1"}.get(often, often).partition("-")
        rule = Rule(name, int(least), int(most), kind[0] if kind else "")
        while open_rules[-1][0] >= depth:
            open_rules.pop()
        open_rules[-1][1].inner.append(rule)
        open_rules.append((depth, rule))
    return top.inner
