"""The pure parts of the compose backend: compose.yaml, the settings for Compose, and the reading of its answers."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.backends import docker
from devenv.backends.compose import ComposeServers, _server, parse_listing
from devenv.backends.compose_settings import ComposeSettings
from devenv.backends.emulator import shared_settings
from devenv.backends.servers import ServerStatus
from devenv.instance import PROJECT, Instance
from devenv.passwords import InstancePasswords
from devenv.ports import FAMILIAR, FIRST_CHOICE

PORTS = FAMILIAR
LOG = Path("compose.log")


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """Of the project itself, since its images are named by their sources; in a folder of its own."""
    return Instance(name="one", project=PROJECT, environ={"MTD_HOME": str(tmp_path)})


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    document = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))
    return dict(document["services"])


def test_every_container_is_confined(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"] not in {"", "root", "0", "0:0"}
        assert service["healthcheck"]["test"]


def test_ports_are_open_on_loopback_only(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service["ports"]]
    assert len(ports) == len(FAMILIAR)
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_source_can_be_written_from_a_container(services: dict[str, dict[str, Any]]) -> None:
    mounts = [volume for service in services.values() for volume in service["volumes"] if isinstance(volume, dict)]
    assert len(mounts) == 5
    assert all(mount["type"] == "bind" and mount["read_only"] for mount in mounts)


def test_every_image_starts_from_debian() -> None:
    for file in ("localstack/Dockerfile", "src/legacy_simulator/Dockerfile", "src/portal/Dockerfile"):
        lines = (PROJECT / file).read_text("utf-8").splitlines()
        assert {" ".join(line.split()[:2]) for line in lines if line.startswith("FROM ")} == {"FROM debian:trixie-slim"}


@pytest.mark.parametrize("folder", ["legacy_simulator", "portal"])
def test_an_image_has_the_versions_of_the_embedded_backend(folder: str) -> None:
    def pins(file: str) -> set[str]:
        lines = (PROJECT / file).read_text("utf-8").splitlines()
        return {line.split()[0] for line in lines if "==" in line and line[0].isalpha()}

    image = pins(f"src/{folder}/requirements.txt")
    assert {pin.partition("==")[0] for pin in image} >= {"starlette", "uvicorn"}
    assert image <= pins("requirements.txt")


def test_both_backends_read_the_same_settings_of_localstack(services: dict[str, dict[str, Any]]) -> None:
    settings = shared_settings(PROJECT)
    assert services["localstack"]["env_file"][0] == "localstack/settings.env"
    assert settings["LAMBDA_RUNTIME_EXECUTOR"] == "mtd-process"
    assert settings["AWS_DEFAULT_REGION"] == "us-west-2"
    assert not any(name.startswith("#") or not value for name, value in settings.items())


def test_the_settings_for_compose_name_ports_and_project(instance: Instance) -> None:
    settings = ComposeSettings(instance=instance)
    settings.write(PORTS)
    variables = dict(line.split("=", 1) for line in settings.file.read_text("utf-8").splitlines())
    assert variables["MTD_LOCALSTACK_PORT"] == "'4566'"
    assert variables["MTD_PROJECT"] == f"'{instance.project}'"
    assert variables["COMPOSE_PROJECT_NAME"] == f"'{settings.project}'"
    assert settings.project.startswith("mtd-one-")
    assert len(variables["MTD_IMAGES"].strip("'")) == 12


def test_clones_with_instances_of_one_name_are_two_projects(instance: Instance) -> None:
    other = Instance(name=instance.name, project=instance.project, environ={})
    assert ComposeSettings(instance=instance).project != ComposeSettings(instance=other).project


def test_the_password_is_behind_a_closed_folder_and_nowhere_else(instance: Instance) -> None:
    settings = ComposeSettings(instance=instance)
    settings.write(PORTS)
    password = InstancePasswords.of(instance).postgres
    secrets = instance.folder / "secrets"
    assert (secrets / "postgres_password").read_text("utf-8") == password
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert stat.S_IMODE((instance.folder / "secrets.json").stat().st_mode) == 0o600
    assert password not in settings.file.read_text("utf-8")


def test_the_first_start_of_an_instance_observes_nothing(instance: Instance) -> None:
    observed = ComposeServers(instance=instance).observed()
    assert observed == dict.fromkeys((*FIRST_CHOICE, "portal"), ServerStatus(runs=False))


def test_listings_of_old_and_new_compose_are_read_alike() -> None:
    rows = [{"Service": "postgres", "State": "running"}, {"Service": "localstack", "State": "exited"}]
    assert parse_listing(json.dumps(rows)) == rows
    assert parse_listing("".join(json.dumps(row) + "\n" for row in rows)) == rows
    assert parse_listing("") == []


@pytest.mark.parametrize(
    ("state", "code", "death"),
    [
        ("exited", 137, "was ended by SIGKILL"),
        ("exited", 3, "ended with exit code 3"),
        ("exited", 255, "ended with exit code 255"),
        ("paused", 0, "is paused"),
        ("created", 0, ""),
    ],
)
def test_how_a_container_ended(state: str, code: int, death: str) -> None:
    assert _server({"State": state, "ExitCode": code, "ID": "0123456789abcdef"}) == ServerStatus(
        runs=False, identity="0123456789ab", death=death
    )


def test_a_container_that_runs() -> None:
    assert _server({"State": "running", "ExitCode": 0, "ID": "ab"}) == ServerStatus(runs=True, identity="ab")


@pytest.mark.parametrize(
    ("version", "fitting"), [("v2.20.3\n", True), ("5.6.1", True), ("2.19.1", False), ("1.29.2", False), ("", False)]
)
def test_an_old_compose_is_passed_over(version: str, fitting: bool) -> None:
    assert docker.fits(version) is fitting


@pytest.mark.parametrize(
    ("output", "sentence", "code"),
    [
        ("failed to connect to the docker API at unix:///var/run/docker.sock; check", "No Docker engine answers", 2),
        ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", "No Docker engine", 2),
        ("permission denied while trying to connect to the docker API at unix:///x", "No Docker engine", 2),
        ("Bind for 127.0.0.1:4566 failed: port is already allocated", "Port 4566 is taken", 1),
        ("listen tcp4 127.0.0.1:5432: bind: address already in use", "Port 5432 is taken", 1),
        ("pull access denied for postgres, repository does not exist", "could not get an image or package", 1),
        ("write /var/lib/docker/x: no space left on device", "Docker's disk is full", 1),
        ("ERROR: No matching distribution found for x\ntidying up", "could not be built: ERROR: No matching", 1),
        ("The command '/bin/sh -c pip install' returned a non-zero code: 1", "could not be built: The command", 1),
        ("container mtd-localstack-1 exited (1)\nbye", "The build failed: container mtd-localstack-1 exited (1)", 1),
        ("", "The build failed: Docker gave no reason", 1),
    ],
)
def test_the_output_of_a_failed_command_becomes_a_problem(output: str, sentence: str, code: int) -> None:
    problem = docker.failure("the build", output, LOG)
    assert sentence in problem.sentence
    assert problem.fix
    assert problem.code == code
