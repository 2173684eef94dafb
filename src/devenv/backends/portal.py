"""The portal as a supervised process, and the browser libraries that it serves."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock
from psycopg.conninfo import make_conninfo

from delivery.packaging.artifacts import content_hash, files_of
from devenv.backends.postgres import DATABASE, PORTAL, READER
from devenv.backends.tool_environments import Recipe, ensure_recipe
from devenv.instance import ACCOUNT, ENVIRONMENT, REGION, Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST
from devenv.problem import Problem
from devenv.processes.request import ProcessRequest
from devenv.processes.supervision import clean_environment
from devenv.state import Document
from portal.node.served import collect


def settings(
    instance: Instance, document: Document, *, database: tuple[str, int], emulator: str = HOST
) -> dict[str, str]:
    """The environment variables of the portal of the system that `document` describes. `database` (host, port) and
    `emulator` (host) are the addresses at which the portal reaches PostgreSQL and LocalStack."""
    credentials = InstancePasswords.of(instance)
    host, port = database

    def of(user: str, password: str) -> str:
        return make_conninfo(host=host, port=port, dbname=DATABASE, user=user, password=password)

    def seen(url: str) -> str:
        return url.replace(f"//{HOST}:", f"//{emulator}:", 1)

    return {
        "PORTAL_READER": of(READER, credentials.reader),
        "PORTAL_DATABASE": of(PORTAL, credentials.portal),
        "PORTAL_ADMINISTRATOR": credentials.administrator,
        "PORTAL_ENVIRONMENT": ENVIRONMENT,
        "PORTAL_MAIL_INBOX": f"{seen(document['endpoint'])}/_aws/ses",
        "API_URL": seen(document["api_url"]),
        "AWS_ENDPOINT_URL": seen(document["endpoint"]),
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def request(instance: Instance, document: Document, assets: Path) -> ProcessRequest:
    """The portal as a process of this machine."""
    ports = document["ports"]
    return ProcessRequest(
        name="portal",
        argv=(sys.executable, "-m", "portal", "--port", str(ports["portal"])),
        environment=clean_environment(instance)
        | settings(instance, document, database=(HOST, ports["postgres"]))
        | {"PORTAL_ASSETS": str(assets)},
        folder=str(instance.project),
        log=str(instance.logs / "portal.log"),
        stop_seconds=3.0,
    )


def source_hash(instance: Instance) -> str:
    """A hash of the portal's code: a portal that runs with another hash must be restarted."""
    return content_hash(files_of(instance.project / "src" / "portal"))


def libraries_folder(instance: Instance) -> Path:
    """The folder of the libraries; its name is a hash of the lock file."""
    folder = instance.project / "src" / "portal"
    content = [(folder / name).read_bytes() for name in ("package.json", "package-lock.json")]
    return instance.build / f"portal-{hashlib.sha256(b'|'.join(content)).hexdigest()[:12]}"


def ensure_assets(instance: Instance) -> Path:
    """Installs the libraries by their hashes and keeps the files that the portal serves. Raises Problem."""
    built = libraries_folder(instance)
    if built.exists():
        return built
    instance.build.mkdir(parents=True, exist_ok=True)
    with FileLock(instance.build / f"{built.name}.lock"):
        if not built.exists():
            making = built.with_name(f"{built.name}.making")
            shutil.rmtree(making, ignore_errors=True)
            _build(instance, making)
            (making / "served").rename(built)
            shutil.rmtree(making, ignore_errors=True)
    return built


def _build(instance: Instance, making: Path) -> None:
    install_libraries(instance, making)
    collect(making, making / "served")


def install_libraries(instance: Instance, into: Path, *, development: bool = False) -> None:
    """Installs the locked packages into `into`/node_modules, with `development` also those for tests. Raises
    Problem."""
    into.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(instance.project / "src" / "portal" / name, into / name)
    npm = _npm(instance)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    ended = subprocess.run(
        [npm, "ci", *options, *([] if development else ["--omit=dev"])],
        cwd=into,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=dict(os.environ) | {"PATH": f"{npm.parent}:{os.environ.get('PATH', os.defpath)}"},
    )
    if ended.returncode != 0:
        errors = [line for line in ended.stderr.splitlines() if "error" in line.lower()] or ["npm gave no reason"]
        raise Problem(
            f"The portal's libraries could not be installed: {' '.join(errors)[-500:]}",
            fix="Check the connection to the npm registry and the space on the disk, then run 'make up' again.",
        )


def _npm(instance: Instance) -> Path:
    """The npm of the machine, or the npm of a PyPI wheel."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return Path(found)
    lock = instance.project / "src" / "portal" / "node" / "requirements.txt"
    return ensure_recipe(Recipe(name="node", lock=lock), instance).with_name("npm")
