"""LocalStack as a supervised process: its settings, and its health check."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from devenv.backends.tool_environments import ToolEnvironments
from devenv.instance import ENVIRONMENT, Instance
from devenv.ports import HOST
from devenv.processes.request import ProcessRequest
from devenv.processes.supervision import clean_environment

# A user may set these to measure or to debug. Every other setting is the same on all machines.
_PASSED_ON = (
    "DEBUG",
    "LS_LOG",
    "LAMBDA_KEEPALIVE_MS",
    "MTD_LAMBDA_START",
    "MTD_WITHOUT",
    "GATEWAY_SERVER",
    "IN_MEMORY_CLIENT",
    "SFN_MOCK_CONFIG",
)


def request(instance: Instance, environments: ToolEnvironments, port: int) -> ProcessRequest:
    """The process that runs LocalStack with our plug-in. It writes inside the instance's folder only."""
    folder = instance.folder / "localstack"
    for name in ("volume", "root", "s3", "lambda", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copytree(_service_catalog(instance, environments.emulator), folder / "root", dirs_exist_ok=True)
    settings = shared_settings(instance.project) | {
        "GATEWAY_LISTEN": f"{HOST}:{port}",
        "LOCALSTACK_HOST": f"{HOST}:{port}",
        "LOCALSTACK_VOLUME_DIR": str(folder / "volume"),
        "FILESYSTEM_ROOT": str(folder / "root"),
        "TMPDIR": str(folder / "tmp"),
        "MTD_LAMBDA_PYTHON": str(environments.runtime),
        "MTD_LAMBDA_WORK_DIR": str(folder / "lambda"),
        "MTD_S3_STORAGE_DIR": str(folder / "s3"),
        "MTD_MAIL_LOG": str(instance.folder / "mails.jsonl"),
        "MTD_HOT_LAYERS": json.dumps({f"mtd-{ENVIRONMENT}-shared": str(instance.project / "src" / "shared")}),
    }
    return ProcessRequest(
        name="localstack",
        argv=(str(environments.emulator), "-P", str(Path(__file__).with_name("localstack_main.py"))),
        environment=clean_environment(instance) | settings | passed_on(instance),
        folder=str(folder),
        log=str(instance.logs / "localstack.log"),
        # LocalStack keeps nothing on disk, so it may be killed.
        stop_seconds=1.5,
    )


def passed_on(instance: Instance) -> dict[str, str]:
    """The user's settings for LocalStack, which win over ours."""
    return {name: instance.environ[name] for name in _PASSED_ON if instance.environ.get(name)}


def shared_settings(project: Path) -> dict[str, str]:
    """localstack/settings.env, which the container of the compose backend gets too."""
    lines = (project / "localstack" / "settings.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _service_catalog(instance: Instance, python: Path) -> Path:
    """A file-system root with LocalStack's index of AWS's operations, made once per environment."""
    root = python.parents[1] / "filesystem-root"
    if not root.exists():
        making = root.with_name(f"filesystem-root.{os.getpid()}")
        making.mkdir(exist_ok=True)
        program = instance.project / "localstack" / "mtd_localstack" / "service_catalog.py"
        environment = {"PATH": os.defpath, "HOME": str(making), "OVERRIDE_IN_DOCKER": "0"}
        subprocess.run([python, "-P", program, making], env=environment, check=False, capture_output=True)
        try:
            making.rename(root)
        except OSError:  # another instance has made it meanwhile
            shutil.rmtree(making, ignore_errors=True)
    return root


def healthy(port: int) -> bool:
    """Whether LocalStack answers its health check."""
    return answers(f"http://{HOST}:{port}/_localstack/health")


def answers(url: str) -> bool:
    """Whether a URL answers 200 within 2 s."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
