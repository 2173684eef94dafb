"""axe-core on a page: what breaks WCAG 2.2 A or AA."""

import hashlib
from pathlib import Path

from filelock import FileLock
from playwright.sync_api import Page

from devenv.backends.portal import install_libraries
from devenv.instance import Instance

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_script(instance: Instance) -> str:
    """axe-core's source, from the portal's own lock file."""
    lock = (instance.project / "src" / "portal" / "package-lock.json").read_bytes()
    folder = instance.build / f"axe-{hashlib.sha256(lock).hexdigest()[:12]}"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    instance.build.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not script.exists():
            install_libraries(instance, folder, development=True)
    return Path(script).read_text("utf-8")


def violations(page: Page, script: str) -> list[str]:
    """One line for each element that breaks a rule."""
    page.evaluate(script)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags}).then(result => result.violations)", _TAGS)
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]
