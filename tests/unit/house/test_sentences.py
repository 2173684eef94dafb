"""Docstrings follow the rule for sentences: the subject comes first, so none begins with What or Who as a noun."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
FOLDERS = ("src", "localstack/mtd_localstack", "seed", "tests")
RIDDLE = re.compile(r"(?:^|[.:;!?]\s+)((?:What|Who|Whose|Whoever|Whatever|Whichever|Which)\b[^?]{0,80})")


def _docstrings(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def riddles(source: str) -> list[str]:
    return [f"line {line}: {found}" for line, text in _docstrings(source) for found in RIDDLE.findall(text)]


def test_a_sentence_that_begins_with_a_pronoun_as_its_noun_is_found() -> None:
    source = '"""Reads. What it reads is kept."""\ndef f():\n    """Who calls it waits."""\n'
    assert riddles(source) == ["line 1: What it reads is kept.", "line 2: Who calls it waits."]
    assert riddles('"""Reads what it can. The caller waits."""') == []


def test_no_docstring_of_the_project_has_one() -> None:
    paths = [path for folder in FOLDERS for path in sorted((PROJECT / folder).rglob("*.py"))]
    found = {path: riddles(path.read_text("utf-8")) for path in paths if "tests/data" not in path.as_posix()}
    assert {str(path.relative_to(PROJECT)): each for path, each in found.items() if each} == {}
