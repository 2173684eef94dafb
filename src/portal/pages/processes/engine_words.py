"""The engine's phrases in the reader's language: a phrase is a code with values, its own text is English."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import Any

type Json = dict[str, Any]

_LISTS = ("fixes", "unbound", "walkthrough", "lint")


@cache
def texts(locale: str) -> Mapping[str, str]:
    """The texts of phrases by their codes; none in English, which the engine speaks itself."""
    path = files("portal.messages").joinpath(f"phrases.{locale}.json")
    loaded: dict[str, str] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return loaded


def say_phrase(locale: str, phrase: Json | None, english: str) -> str:
    """The phrase in that language; as the engine says it where a code in it is unknown, or there is no phrase."""
    try:
        return _text(phrase, texts(locale)) if phrase else english
    except KeyError:
        return english


def say_report(locale: str, report: Json) -> Json:
    """The report of an import with its sentences, and who does each task, in that language."""
    phrases = report.get("phrases") or {}
    rows, reason = report["bindings"], report["reason"]
    done_by = _all(locale, phrases.get("bindings", []), [row["by"] for row in rows])
    return {
        **report,
        **{name: _all(locale, phrases.get(name, []), report.get(name, [])) for name in _LISTS},
        "bindings": [{**row, "by": by} for row, by in zip(rows, done_by, strict=True)],
        "reason": reason and say_phrase(locale, phrases.get("reason"), reason),
    }


def _all(locale: str, phrases: list[Json], english: list[str]) -> list[str]:
    return [say_phrase(locale, phrase, text) for phrase, text in zip_longest(phrases, english)]


def _text(phrase: Json, known: Mapping[str, str]) -> str:
    return known[phrase["code"]].format(**{name: _value(value, known) for name, value in phrase["values"].items()})


def _value(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return known["and"].join(_text(each, known) for each in value)
    return _text(value, known) if isinstance(value, dict) else value
