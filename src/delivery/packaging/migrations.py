"""Checks that migrations only expand the schema, so that the code which serves now works with the new schema."""

import re
from dataclasses import dataclass
from pathlib import Path

from devenv.problem import Problem

# `-- contracts: <reason>` within or right above a statement allows it.
_OPT_OUT = re.compile(r"--[ \t]*contracts:[ \t]*(\S.*)")
_OUTSIDE = re.compile(
    r"(?P<keep>'(?:[^']|'')*'|(?P<tag>\$\w*\$).*?(?P=tag)|\"(?:[^\"]|\"\")*\")|(?P<drop>--[^\n]*|/\*.*?\*/)|(?P<end>;)",
    re.DOTALL,
)
_RULES = (
    (re.compile(r"\bdrop\s+(table|view|materialized\s+view|schema|type|sequence|function|column)\b"), "drops a {0}"),
    (
        re.compile(
            r"^alter\s+table\b.*\bdrop\s+(?!constraint\b|default\b|not\b|expression\b|identity\b)(?:if\s+exists\s+)?\w+"
        ),
        "drops a column",
    ),
    (re.compile(r"\brename\s+(?:column\s+|constraint\s+)?\w*\s*\bto\b|\brename\s+to\b"), "renames"),
    (re.compile(r"\balter\s+(?:column\s+)?\w+\s+(?:set\s+data\s+)?type\b"), "changes a column's type"),
    (re.compile(r"\bset\s+not\s+null\b"), "forbids null in a column"),
    (re.compile(r"^\s*truncate\b"), "empties a table"),
    (re.compile(r"\bdrop\s+default\b"), "drops a default"),
    (
        re.compile(
            r"^alter\s+table\b.*\badd\s+(?:constraint\b.*?\b)?(?:check|unique|foreign\s+key|exclude)\b(?!.*\bnot\s+valid\b)"
        ),
        "adds a constraint that the serving code may break",
    ),
)
_ADDED = re.compile(
    r"\badd\s+(?:column\s+)?(?:if\s+not\s+exists\s+)?(?!constraint\b|check\b|unique\b|foreign\b)(\w+)\s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contraction:
    """A statement that removes something which the code before it may use."""

    file: str
    line: int
    what: str


def contractions(file: str, text: str) -> list[Contraction]:
    """The contracting statements in a migration's text; lines count from 1."""
    found = []
    for line, raw, statement in _statements(text):
        if _OPT_OUT.search(raw):
            continue
        broken = [what.format(*match.groups()) for rule, what in _RULES if (match := rule.search(statement))]
        broken += _required_columns(statement)
        found += [Contraction(file=file, line=line, what=what) for what in dict.fromkeys(broken)]
    return found


def ensure_expand_only(folder: Path) -> None:
    """Raises Problem with each contracting statement of the folder's migrations."""
    found = [one for path in sorted(folder.glob("*.sql")) for one in contractions(path.name, path.read_text("utf-8"))]
    if found:
        listed = "; ".join(f"{one.file} line {one.line} {one.what}" for one in found)
        raise Problem(
            f"These migrations contract, and migrations must only expand: {listed}.",
            fix="The serving code needs what they remove. Contract in a later release, when no version that needs it "
            "can come back, and write above the statement: '-- contracts: <reason>'.",
        )


def _statements(text: str) -> list[tuple[int, str, str]]:
    """(first line, raw text with its comments, lower-case text without comments and with literals emptied)."""
    found = []
    start, at = 0, 0
    bare: list[str] = []

    def close(end: int) -> None:
        raw = text[start:end]
        statement = " ".join("".join(bare).lower().split())
        if statement:
            first = start + len(raw) - len(raw.lstrip())
            found.append((text.count("\n", 0, _code_starts(text, first)) + 1, raw, statement))

    for match in _OUTSIDE.finditer(text):
        bare.append(text[at : match.start()])
        at = match.end()
        if match["end"]:
            close(match.start())
            start, bare = match.end(), []
        elif match["keep"]:
            bare.append(match["keep"].strip('"') if match["keep"].startswith('"') else "''")
        else:
            bare.append(" ")
    bare.append(text[at:])
    close(len(text))
    return found


def _code_starts(text: str, at: int) -> int:
    """The first position from `at` on that is neither a comment nor a space."""
    while match := re.compile(r"\s*(?:--[^\n]*\n|/\*.*?\*/)\s*|\s+", re.DOTALL).match(text, at):
        at = match.end()
    return at


def _required_columns(statement: str) -> list[str]:
    """Required columns added to an existing table, which older code cannot fill."""
    if not statement.startswith("alter table"):
        return []
    added_columns = []
    for clause in _clauses(statement):
        added = _ADDED.search(clause)
        filled = re.search(r"\bdefault\b|\bgenerated\b", clause)
        if added and "not null" in clause and not filled:
            added_columns.append(f"adds the required column {added[1]} without a default")
    return added_columns


def _clauses(statement: str) -> list[str]:
    """An ALTER TABLE's actions: parts between commas outside parentheses."""
    parts, depth = [""], 0
    for letter in statement:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
