"""LocalStack as a supervised process: which settings it gets, and when it is ready."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from devenv.environments import Environments
from devenv.instance import ACCOUNT, ENVIRONMENT, REGION, Instance
from devenv.ports import HOST
from devenv.process_request import ProcessRequest
from devenv.supervision import clean_environment

# A person may set these for a measurement or a hunt; all else is the same on every machine.
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

_CATALOG = (
    "import pathlib, sys; from localstack.aws import spec; "
    "spec.build_service_index_cache(str(pathlib.Path(sys.argv[1]) / spec._get_catalog_filename()))"
)


def request(instance: Instance, environments: Environments, port: int) -> ProcessRequest:
    """LocalStack with our plug-in, everything it writes inside the instance's folder."""
    home = instance.folder / "localstack"
    for name in ("volume", "root", "s3", "lambda", "tmp"):
        (home / name).mkdir(parents=True, exist_ok=True)
    shutil.copytree(_service_catalog(environments.emulator), home / "root", dirs_exist_ok=True)
    settings = {
        "GATEWAY_LISTEN": f"{HOST}:{port}",
        "LOCALSTACK_HOST": f"{HOST}:{port}",
        "LOCALSTACK_VOLUME_DIR": str(home / "volume"),
        "FILESYSTEM_ROOT": str(home / "root"),
        "TMPDIR": str(home / "tmp"),
        "OVERRIDE_IN_DOCKER": "0",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        # Queue URLs with the plain address: sqs.us-west-2.127.0.0.1 is no host name.
        "SQS_ENDPOINT_STRATEGY": "path",
        # One line per request would cost more than some requests do.
        "LS_LOG": "warn",
        "GATEWAY_SERVER": "mtd-loopback",
        # Its services call each other through the gateway, but not through a socket.
        "IN_MEMORY_CLIENT": "1",
        "LAMBDA_RUNTIME_EXECUTOR": "mtd-process",
        "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.001",
        "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "0.1",
        # Seconds for a start: the first one of a layer set loads its modules, on a machine that may be busy.
        "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "60",
        "MTD_LAMBDA_PYTHON": str(environments.runtime),
        "MTD_LAMBDA_WORK_DIR": str(home / "lambda"),
        "MTD_S3_STORAGE_DIR": str(home / "s3"),
        "MTD_MAIL_LOG": str(instance.folder / "mails.jsonl"),
        "MTD_HOT_LAYERS": json.dumps({f"mtd-{ENVIRONMENT}-shared": str(instance.project / "src" / "shared")}),
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
    }
    passed_on = {name: instance.environ[name] for name in _PASSED_ON if instance.environ.get(name)}
    return ProcessRequest(
        name="localstack",
        argv=(str(environments.emulator), "-P", str(Path(__file__).with_name("localstack_main.py"))),
        environment=clean_environment(instance) | settings | passed_on,
        folder=str(home),
        log=str(instance.logs / "localstack.log"),
        # It keeps nothing, so nothing is lost by not waiting for its last word.
        stop_seconds=1.5,
    )


def _service_catalog(python: Path) -> Path:
    """A file-system root with LocalStack's index of AWS's operations, made once per environment.

    LocalStack looks there first. Without it each start reads the descriptions of all AWS services: seconds and
    hundreds of megabytes."""
    root = python.parents[1] / "filesystem-root"
    if not root.exists():
        making = root.with_name(f"filesystem-root.{os.getpid()}")
        libraries = making / "usr" / "lib" / "localstack"
        libraries.mkdir(parents=True, exist_ok=True)
        environment = {"PATH": os.defpath, "HOME": str(making), "OVERRIDE_IN_DOCKER": "0"}
        subprocess.run([python, "-c", _CATALOG, libraries], env=environment, check=False, capture_output=True)
        try:
            making.rename(root)
        except OSError:  # another instance was faster
            shutil.rmtree(making, ignore_errors=True)
    return root


def healthy(port: int) -> bool:
    """Whether LocalStack answers its health question."""
    return answers(f"http://{HOST}:{port}/_localstack/health")


def answers(url: str) -> bool:
    """Whether a URL answers 200 within 2 s."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
