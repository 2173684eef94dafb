"""Lints templates before a deployment touches the stack that serves."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devenv.problem import Problem

_ROOT = "cloudformation/template.yaml"
_MOST_SHOWN = 3
_CFN_LINT = "import sys; from cfnlint.runner import main; sys.exit(main())"


def template_hashes(project: Path) -> dict[str, str]:
    """The hash of each template of the stack, by its path in the project."""
    folder = project / "cloudformation"
    paths = (folder / "template.yaml", *sorted((folder / "stacks").rglob("*.yaml")))
    return {str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def check_templates(project: Path, deployed: Mapping[str, str]) -> None:
    """Lint the templates that differ from the deployed ones, whose hashes are given, and the root template with them.

    Raises Problem that names the file, the line and the fault of the first errors. A fault in one nested template can
    show in the root alone, which reads its outputs.
    """
    changed = [path for path, content in template_hashes(project).items() if deployed.get(path) != content]
    if changed and (errors := _lint(project, sorted({*changed, _ROOT}))):
        more = f" And {len(errors) - _MOST_SHOWN} more." if len(errors) > _MOST_SHOWN else ""
        raise Problem(
            f"The templates are not deployed: {' '.join(errors[:_MOST_SHOWN])}{more}",
            fix="Correct them and save: the stack that runs was not touched.",
        )


def _lint(project: Path, paths: list[str]) -> list[str]:
    """The errors of cfn-lint, a sentence each."""
    command = [sys.executable, "-c", _CFN_LINT, "--format", "json", *paths]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:
        raise Problem(
            f"cfn-lint failed: {(done.stderr or done.stdout).strip()[-300:]}", fix="Run 'make lint' to see all of it."
        ) from None
    return [
        f"{each['Filename']}:{each['Location']['Start']['LineNumber']}: {each['Message'].rstrip('.')}"
        f" ({each['Rule']['Id']})."
        for each in found
        if each["Level"] == "Error"
    ]
