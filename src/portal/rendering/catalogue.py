"""What the portal says, in Spanish and English; a test keeps the two complete."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LOCALES = ("es", "en")


@cache
def messages(locale: str) -> Mapping[str, str]:
    """All messages of a locale by key."""
    text = files("portal.messages").joinpath(f"{locale}.json").read_text("utf-8")
    loaded: dict[str, str] = json.loads(text)
    return loaded


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


def result(locale: str, row: Mapping[str, Any], drawn: Mapping[str, str]) -> str:
    """What became of one order of an operation: why it was refused, or what was or would be done and where it is."""
    known, message = messages(locale), str(row["message"] or "")
    if refused := known.get(f"code.{row['code']}"):
        return refused
    done = _DONE.fullmatch(message)
    wanted = f"result.{'would_' if done['would'] else ''}{done['what']}" if done else ""
    if done is None or wanted not in known:
        return message
    return known[wanted].format(places=state_name(locale, done["places"].replace(", ", ","), drawn))


_DONE = re.compile(r"(?P<would>would be )?(?P<what>[a-z]+): (?P<places>.+)", re.DOTALL)
"""As the engine writes it: `would be retried: allocation`."""


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
