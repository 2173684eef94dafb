"""The legacy systems' simulator as a supervised process."""

import sys
from urllib.parse import urlsplit

from delivery.packaging.artifacts import content_hash, files_of
from devenv.instance import Instance
from devenv.processes.request import ProcessRequest
from devenv.processes.supervision import clean_environment

PRIVATE_NETWORKS = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"
"""Where servers of a developer's machine and containers are."""

# Parameter of the root template -> path of that system in the simulator.
SYSTEMS = {
    "GiftCardUrl": "/gift-card",
    "EomUrl": "/eom",
    "PaperlessUrl": "/paperless",
    "SalesSupportUrl": "/sales-support",
}


def request(instance: Instance, port: int) -> ProcessRequest:
    state = instance.folder / "legacy"
    state.mkdir(parents=True, exist_ok=True)
    return ProcessRequest(
        name="simulator",
        argv=(sys.executable, "-m", "legacy_simulator", "--port", str(port), "--state-dir", str(state)),
        environment=clean_environment(instance),
        folder=str(instance.project),
        log=str(instance.logs / "simulator.log"),
    )


def source_hash(instance: Instance) -> str:
    """A hash of the simulator's code: a simulator that runs with another hash must be restarted."""
    return content_hash(files_of(instance.project / "src" / "legacy_simulator"))


def urls(base: str) -> dict[str, str]:
    """The addresses of the legacy systems as parameters of the template; `base` is the simulator's URL.

    Connected systems may be at the simulator's host or on this machine, at any port.
    """
    hosts = dict.fromkeys((f"{urlsplit(base).hostname}:*", "127.0.0.1:*", "localhost:*"))
    return {name: f"{base}{path}" for name, path in SYSTEMS.items()} | {
        "SystemHosts": ",".join(hosts),
        "SystemNetworks": PRIVATE_NETWORKS,
    }
