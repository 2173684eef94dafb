"""The portal's messages in Spanish and English; a test keeps the two complete."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from babel import negotiate_locale

from mtd.domain.tax.folios import FolioSeries
from portal.rendering.formats import LOCALES, number

type Message = str | Mapping[str, str]
"""A text; or the texts by CLDR's plural categories (`one`, `other`, …), of which `count` chooses one."""


@cache
def messages(locale: str) -> Mapping[str, Message]:
    """All messages of a locale by key."""
    text = files("portal.messages").joinpath(f"{locale}.json").read_text("utf-8")
    loaded: dict[str, Message] = json.loads(text)
    return loaded


def say(locale: str, key: str, **values: object) -> str:
    """The message of that key; a `count` is written as the locale writes numbers. Raises KeyError for no such key."""
    message, count = messages(locale)[key], values.get("count")
    if isinstance(count, int):
        values["count"] = number(count, locale)
    if isinstance(message, str):
        return message.format(**values)
    category = LOCALES[locale].plural_form(count) if isinstance(count, int) else "other"
    return message.get(category, message["other"]).format(**values)


def state_name(locale: str, state: str | None, drawn: Mapping[str, str]) -> str:
    """A state or an outcome: as the catalogue names it, as it is drawn, or by its id."""
    if not state:
        return "–"
    return ", ".join(known_state(locale, one) or drawn.get(one) or one.replace("_", " ") for one in state.split(","))


def known_state(locale: str, state: str) -> str:
    """The catalogue's name of a state, or nothing."""
    return _known(locale, f"state.{state}")


def document_name(locale: str, document_type: int) -> str:
    """A kind of tax document, or its number where it has no name."""
    return _known(locale, f"dte.{document_type}") or str(document_type)


def circuit_name(locale: str, circuit: str) -> str:
    """A legacy system, a series of folios, or the name of a circuit that the catalogue does not have."""
    if series := FolioSeries.of_circuit(circuit):
        document = document_name(locale, series.document_type)
        return say(locale, "circuit.folios", document=document, issuer=series.issuer)
    return _known(locale, f"circuit.{circuit}") or circuit


def result(locale: str, item: Mapping[str, Any], operation: Mapping[str, Any], drawn: Mapping[str, str]) -> str:
    """The result of one order of an operation: why it was refused, or what was or would be done, and where."""
    if refused := _known(locale, f"code.{item['code']}"):
        return refused
    done = _known(locale, f"result.{'would_' if operation['dry_run'] else ''}{operation['action']}")
    places = item.get("places")  # results of earlier releases have the sentence only
    if not places or not done:
        return str(item["message"] or "")
    return done.format(places=state_name(locale, places.replace(", ", ","), drawn))


def preferred(accept: str) -> str:
    """The locale that an Accept-Language header (RFC 9110, 12.5.4) prefers; Spanish where it names none of ours."""
    weighed = []
    for place, part in enumerate(accept.split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    return negotiate_locale([tag for _, _, tag in sorted(weighed)], LOCALES, sep="-") or next(iter(LOCALES))


def _known(locale: str, key: str) -> str:
    """The text of that key, or nothing."""
    message = messages(locale).get(key, "")
    return message if isinstance(message, str) else message["other"]
