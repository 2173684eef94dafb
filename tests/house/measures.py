"""Measures of the source tree. Each is a pure function of the project's folder, except for `files_per_state`."""

import ast
import io
import json
import os
import re
import subprocess
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

CODE = frozenset({".py", ".sql", ".html", ".yaml", ".yml", ".js", ".css", ".sh"})
ROOTS = ("src", "tests", "localstack", "seed", "cloudformation")
# Data of tests, what fuzzers found, and folders that tools fill.
NOT_CODE = frozenset({"data", "corpus", "node_modules", "__pycache__"})
# A numbered series: its folder grows with every change of the schema.
NUMBERED = frozenset({"migrations"})
# The packages among which a class name must be unique.
PACKAGES = (
    ("src/shared/mtd",),
    ("src/portal",),
    ("src/devenv", "src/delivery", "src/proving"),
    ("src/legacy_simulator",),
    ("localstack/mtd_localstack",),
)
# mtd's layers, and packages that are a layer of their own.
LAYERS = (
    *(f"src/shared/mtd/{name}" for name in ("domain", "engine", "usecases", "adapters", "queries", "entrypoints")),
    *("src/portal", "src/devenv", "src/delivery", "src/proving", "localstack/mtd_localstack"),
)

_SKIP = re.compile(r"#\s*fmt:\s*(?:skip|off)\b")


def files_in_folders(project: Path) -> dict[str, int]:
    """Folder -> its own code files, without `__init__.py`; numbered series are left out."""
    counts: Counter[str] = Counter()
    for root in ROOTS:
        for folder, _, names in os.walk(project / root):
            relative = Path(folder).relative_to(project)
            if NOT_CODE & set(relative.parts) or relative.name in NUMBERED:
                continue
            code = [name for name in names if Path(name).suffix in CODE and name != "__init__.py"]
            if code:
                counts[relative.as_posix()] = len(code)
    return dict(counts)


def class_names_twice(project: Path) -> list[str]:
    """`name (packages)` of each class name that several classes have within one group of PACKAGES."""
    twice = []
    for packages in PACKAGES:
        names = Counter(
            node.name
            for package in packages
            for path in _modules(project / package)
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ClassDef)
        )
        label = ", ".join(Path(package).name for package in packages)
        twice += [f"{name} ({label})" for name, count in sorted(names.items()) if count > 1]
    return twice


def module_names_twice(project: Path) -> list[str]:
    """Modules of one layer that share their name, unless the names of their folders tell them apart."""
    twice = []
    for layer in LAYERS:
        folders: dict[str, list[str]] = defaultdict(list)
        for path in _modules(project / layer):
            if path.name not in {"__init__.py", "__main__.py"}:
                folders[path.stem].append(path.parent.name)
        twice += [
            f"{Path(layer).name}: {name}" for name, found in sorted(folders.items()) if len(set(found)) < len(found)
        ]
    return twice


def template_line_max(project: Path) -> int:
    """The longest line of the portal's templates."""
    templates = (project / "src" / "portal" / "html").rglob("*.html")
    return max((len(line) for path in templates for line in path.read_text("utf-8").splitlines()), default=0)


def fmt_skip(project: Path) -> int:
    """Comments in Python files that keep the formatter off."""
    paths = (path for root in ROOTS for path in _modules(project / root))
    return sum(_skips(path) for path in paths if not NOT_CODE & set(path.relative_to(project).parts))


def lookup_rows(project: Path) -> int:
    """Rows of the first table in ARCHITECTURE.md, without its head."""
    rows = 0
    for line in (project / "ARCHITECTURE.md").read_text("utf-8").splitlines():
        if line.startswith("|"):
            rows += 1
        elif rows:
            break
    return max(0, rows - 2)


def files_per_state(project: Path) -> list[str]:
    """Modules of mtd on one order's way through the state of redeem_gift_card: tests.house.order_way counts them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.house.order_way", "redeem_gift_card"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    modules: list[str] = json.loads(done.stdout.splitlines()[-1])
    return modules


def _modules(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts)


def _skips(path: Path) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return sum(token.type == tokenize.COMMENT and _SKIP.match(token.string) is not None for token in tokens)
