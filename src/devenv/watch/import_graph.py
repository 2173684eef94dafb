"""The functions that a file touches, from import statements; nothing is imported."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

type Closures = Mapping[str, set[Path]]


class ImportGraph:
    """Functions (folders under `lambdas`) and the modules under `shared` that they import, directly or not.

    A file with a syntax error keeps its last imports, so that the functions which it breaks are restarted too."""

    def __init__(self, lambdas: Path, shared: Path) -> None:
        self._lambdas = lambdas
        self._shared = shared
        self._parsed: dict[Path, tuple[tuple[int, int], frozenset[str]]] = {}
        self._known: tuple[Closures, frozenset[Path]] = ({}, frozenset())

    def functions(self) -> list[str]:
        return sorted(path.parent.name for path in self._lambdas.glob("*/handler.py"))

    def touched(self, changed: Iterable[Path]) -> set[str]:
        """The functions that these saved, created or removed files touch.

        Only changed files are read again; if a save changes no import, only the saved file is."""
        files = list(changed)
        if not all(self._imports_as_before(path) for path in files):
            self.refresh()
        closures = self._known[0]
        return set().union(*(self._touched_by(path, closures) for path in files))

    def refresh(self) -> None:
        """Reads all files once, so that the first save finds a warm graph."""
        closures = self._closures()
        self._known = (closures, frozenset().union(*closures.values()))

    def _imports_as_before(self, path: Path) -> bool:
        """Whether the graph is unchanged: the file is no module, or its imports are the same."""
        if path.suffix != ".py":
            return True
        if path not in self._known[1] or not path.is_file():
            return False
        before = self._parsed.get(path)
        return before is not None and self._names(path) == before[1]

    def _touched_by(self, path: Path, closures: Closures) -> set[str]:
        if path.is_relative_to(self._lambdas):
            return closures.keys() & {path.relative_to(self._lambdas).parts[0]}
        if not path.is_relative_to(self._shared):
            return set()
        if path.suffix != ".py":
            return self._touched_by_data(path, closures)
        touched = {name for name, files in closures.items() if path in files}
        if path.name == "__init__.py" or not path.exists():
            # A new or removed package changes the module that a name resolves to.
            touched |= _importing_of(path.parent, closures)
        return touched

    def _touched_by_data(self, path: Path, closures: Closures) -> set[str]:
        """A .sql or .json file belongs to the modules of the nearest package folder above it."""
        folder = path.parent
        while folder != self._shared and not any(folder.glob("*.py")):
            folder = folder.parent
        if folder == self._shared or folder.parent == self._shared:
            return set(closures)
        return _importing_of(folder, closures)

    def _closures(self) -> Closures:
        """All files of each function, as they are on the disk."""
        imports: dict[Path, list[Path]] = {}
        named: dict[str, list[Path]] = {}
        closures: dict[str, set[Path]] = {}
        for name in self.functions():
            seen = closures[name] = set()
            todo = [self._lambdas / name / "handler.py"]
            while todo:
                file = todo.pop()
                if file not in seen:
                    seen.add(file)
                    if file not in imports:
                        imports[file] = list(self._imports(file, named))
                    todo.extend(imports[file])
        return closures

    def _imports(self, file: Path, named: dict[str, list[Path]]) -> Iterator[Path]:
        """The files that `file` imports. `named` caches the files of each name, which most files share."""
        for name in self._names(file):
            if name not in named:
                named[name] = self._files(name)
            yield from named[name]

    def _names(self, file: Path) -> frozenset[str]:
        known = self._parsed.get(file)
        try:
            stat = file.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if known is not None and known[0] == stamp:
                return known[1]
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            return known[1] if known is not None else frozenset()
        found = frozenset(_imported(tree, self._package(file)))
        self._parsed[file] = (stamp, found)
        return found

    def _package(self, file: Path) -> tuple[str, ...]:
        """The package a relative import starts from."""
        if not file.is_relative_to(self._shared):
            return ()
        return file.relative_to(self._shared).parent.parts

    def _files(self, name: str) -> list[Path]:
        """The module's file, and the __init__ of each package above: importing runs them all."""
        found: list[Path] = []
        folder = self._shared
        for part in name.split("."):
            folder = folder / part
            files = (folder.with_suffix(".py"), folder / "__init__.py")
            found.extend(file for file in files if file.is_file())
        return found


def _importing_of(folder: Path, closures: Closures) -> set[str]:
    """The functions that import something in the folder."""
    return {name for name, files in closures.items() if any(folder in file.parents for file in files)}


def _imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package[: len(package) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
