"""What the portal says, in Spanish and English; a test keeps the two complete."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LOCALES = ("es", "en")


@cache
def messages(locale: str) -> Mapping[str, str]:
    """All messages of a locale by key."""
    text = files("portal.messages").joinpath(f"{locale}.json").read_text("utf-8")
    told: dict[str, str] = json.loads(text)
    return told


def say(locale: str, key: str, **values: object) -> str:
    """The message of that key. Raises KeyError for a key that nobody wrote."""
    return messages(locale)[key].format(**values)


def state_name(locale: str, state: str | None, drawn: Mapping[str, str]) -> str:
    """A state or an outcome: as the catalogue says it, as it is drawn, or by its id."""
    if not state:
        return "–"
    known = messages(locale)
    return ", ".join(known.get(f"state.{one}") or drawn.get(one) or one.replace("_", " ") for one in state.split(","))


def document_name(locale: str, document_type: int) -> str:
    """A kind of tax document, or its number where it has no name."""
    return messages(locale).get(f"dte.{document_type}") or str(document_type)


def result(locale: str, row: Mapping[str, Any]) -> str:
    """What became of one order of an operation: why it was refused, or what the engine says of it."""
    return messages(locale).get(f"code.{row['code']}") or str(row["message"] or "")


def preferred(accept: str) -> str:
    """The first locale of an Accept-Language header that the portal speaks; Spanish where there is none."""
    weighed = []
    for place, part in enumerate(accept.split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, tag[:2].lower()))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(weighed) if tag in LOCALES), LOCALES[0])
