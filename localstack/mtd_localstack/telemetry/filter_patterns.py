"""CloudWatch Logs filter patterns: terms (``ERROR -"not this" ?this``) and JSON selectors (``{ $.level = "ERROR" }``).

Regular expressions in ``%...%`` and space-delimited patterns in ``[...]`` are not supported and match nothing, so a
metric stays at zero and never counts too much."""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

Matcher = Callable[[str], bool]

TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')
COMPARISON = re.compile(
    r"""\$(?P<path>(?:\.[\w@-]+|\[\d+\])+)\s*
        (?:(?P<operator>!=|>=|<=|=|>|<)\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[^\s&|(){}"]+))
          |(?P<test>IS\s+TRUE|IS\s+FALSE|IS\s+NULL|NOT\s+EXISTS))""",
    re.VERBOSE,
)
PATH_STEP = re.compile(r"\.([\w@-]+)|\[(\d+)\]")
MISSING = object()


@lru_cache(maxsize=512)
def matcher(pattern: str) -> Matcher:
    """A function that returns True for messages that match ``pattern``; an empty pattern matches everything."""
    pattern = pattern.strip()
    if not pattern:
        return lambda _: True
    if pattern.startswith("{") and pattern.endswith("}"):
        return _json_matcher(pattern[1:-1])
    if pattern.startswith(("[", "%")):
        return lambda _: False
    return _term_matcher(pattern)


def select(document: Any, path: str) -> Any:
    """The value at a path such as ``.a.b[0]``; MISSING when there is none."""
    for name, index in PATH_STEP.findall(path):
        try:
            document = document[name] if name else document[int(index)]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return document


def _term_matcher(pattern: str) -> Matcher:
    wanted: dict[str, list[str]] = {"": [], "?": [], "-": []}
    for sign, quoted, bare in TERM.findall(pattern):
        wanted[sign].append(re.sub(r"\\(.)", r"\1", quoted) if quoted else bare)

    def matches(message: str) -> bool:
        if any(term in message for term in wanted["-"]):
            return False
        if wanted["?"] and not wanted[""]:
            return any(term in message for term in wanted["?"])
        return all(term in message for term in wanted[""])

    return matches


def _json_matcher(expression: str) -> Matcher:
    """``||`` of ``&&`` of comparisons; parentheses around single ones only."""
    alternatives = []
    for alternative in expression.split("||"):
        comparisons = []
        for part in alternative.split("&&"):
            comparison = COMPARISON.fullmatch(part.strip().strip("()").strip())
            if comparison is None:
                return lambda _: False
            comparisons.append(comparison.groupdict())
        alternatives.append(comparisons)

    def matches(message: str) -> bool:
        try:
            document = json.loads(message)
        except ValueError:
            return False
        return any(all(_holds(one, document) for one in comparisons) for comparisons in alternatives)

    return matches


def _holds(comparison: dict[str, str | None], document: Any) -> bool:
    value = select(document, comparison["path"] or "")
    if comparison["test"]:
        test = " ".join(comparison["test"].split())
        expected = {"IS TRUE": True, "IS FALSE": False, "IS NULL": None, "NOT EXISTS": MISSING}[test]
        return value is expected
    if value is MISSING:
        return False
    operator = comparison["operator"]
    text = comparison["text"]
    if text is not None or operator in ("=", "!="):
        wanted = comparison["word"] or "" if text is None else re.sub(r"\\(.)", r"\1", text)
        same = _same(value, wanted, is_text=text is not None)
        return same if operator == "=" else operator == "!=" and not same
    try:
        limit, number = float(comparison["word"] or ""), float(value)
    except (TypeError, ValueError):
        return False
    return {">": number > limit, "<": number < limit, ">=": number >= limit, "<=": number <= limit}[operator or ""]


def _same(value: Any, wanted: str, *, is_text: bool) -> bool:
    if not is_text and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(wanted) == value
        except ValueError:
            return False
    return isinstance(value, str) and fnmatchcase(value, wanted.replace("[", "[[]"))
