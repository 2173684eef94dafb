"""Handles a batch of saved files: restarts the functions that it touches, or deploys its templates."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from devenv.instance import ENVIRONMENT
from devenv.problem import Problem
from devenv.watch.import_graph import ImportGraph

Recycle = Callable[[list[str]], None]

_OTHERS = frozenset({"checkov", "bootstrap.yaml"})
"""Of cloudformation/, but no part of the stack. The bootstrap is an account's own stack."""


class Reloading:
    """`recycle` takes AWS's names of functions, `redeploy` returns a sentence about its work, `tell` writes a line."""

    def __init__(
        self,
        project: Path,
        recycle: Recycle,
        redeploy: Callable[[], str],
        tell: Callable[[str], None],
        *,
        parameters: str = ENVIRONMENT,
    ) -> None:
        """`parameters` names the instance's file of cloudformation/environments."""
        self._project = project
        self._parameters = parameters
        self._graph = ImportGraph(project / "src" / "lambdas", project / "src" / "shared")
        self._templates = project / "cloudformation"
        self._recycle = recycle
        self._redeploy = redeploy
        self._tell = tell
        self._graph.refresh()

    def handle(self, changed: set[Path]) -> None:
        """Handles the changes. Errors that the next save can mend are written with `tell` and not raised."""
        cloudformation = {path for path in changed if path.is_relative_to(self._templates)}
        templates = {path for path in cloudformation if self._is_deployed(path)}
        code = changed - cloudformation
        if code:
            self._reload(code)
        if templates:
            self._deploy(templates)

    def _reload(self, code: set[Path]) -> None:
        started = time.monotonic()
        functions = sorted(self._graph.touched(code))
        names = self._names(code)
        if not functions:
            self._tell(f"{names}: touches no function")
            return
        try:
            self._recycle([f"mtd-{ENVIRONMENT}-{name}" for name in functions])
        except Problem as problem:
            self._tell(f"{names}: {problem.sentence} {problem.fix}")
            return
        everyone = len(functions) > 6 and functions == self._graph.functions()
        recycled = f"all {len(functions)}" if everyone else ", ".join(functions)
        self._tell(f"{names}: fresh for {recycled} ({(time.monotonic() - started) * 1000:.0f} ms)")
        if any("migrations" in path.parts for path in code):
            self._tell("a migration changed: apply it with 'mtd invoke migrate_database'")

    def _is_deployed(self, path: Path) -> bool:
        """Whether the file is a part of this instance's stack: not checkov's settings, nor another environment's."""
        name = path.relative_to(self._templates)
        if name.parts[0] == "environments":
            return name.stem == self._parameters
        return name.parts[0] not in _OTHERS

    def _deploy(self, templates: set[Path]) -> None:
        self._tell(f"{self._names(templates)}: deploying")
        try:
            self._tell(self._redeploy())
        except Problem as problem:
            self._tell(f"{problem.sentence} {problem.fix}")

    def _names(self, paths: set[Path]) -> str:
        names = sorted(
            str(path.relative_to(self._project)) if path.is_relative_to(self._project) else str(path) for path in paths
        )
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def recycler(endpoint: str) -> Recycle:
    """Asks our plug-in in LocalStack. Raises Problem when it does not answer."""

    def recycle(functions: list[str]) -> None:
        request = urllib.request.Request(
            f"{endpoint}/_mtd/recycle",
            data=json.dumps({"functions": functions}).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except (urllib.error.URLError, OSError) as error:
            raise Problem(f"LocalStack did not restart the functions ({error}).", fix="Run 'make up'.") from error

    return recycle
