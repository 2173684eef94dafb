"""The portal's image on its way into an environment's repository."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from delivery.packaging.builds import Build
from delivery.release import image
from delivery.targets.account import AccountTarget
from devenv.aws import Clients
from devenv.instance import Instance
from devenv.problem import Problem

BUILD = Build(folder=Path("b"), digest="ab" * 32, files={})
REPOSITORY = "1.dkr.ecr.us-west-2.amazonaws.com/mtd-staging-portal"


@dataclass
class Registry:
    """ECR and docker at once: what is pushed is there."""

    images: dict[str, str] = field(default_factory=dict)
    ran: list[list[str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    loses: bool = False

    def describe_images(self, *, repositoryName: str, imageIds: list[dict[str, str]]) -> Any:  # noqa: N803
        assert repositoryName == "mtd-staging-portal"
        found = self.images.get(imageIds[0]["imageTag"])
        if found is None:
            raise ClientError({"Error": {"Code": "ImageNotFoundException"}}, "DescribeImages")
        return {"imageDetails": [{"imageDigest": found}]}

    def get_authorization_token(self) -> Any:
        return {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:secret").decode()}]}

    def docker(self, words: Sequence[str], given: str) -> None:
        self.ran.append(list(words))
        self.given.append(given)
        if words[0] == "push" and not self.loses:
            self.images[words[-1].rpartition(":")[2]] = "sha256:5f"


class Stacks:
    """CloudFormation with at most one stack."""

    def __init__(self, outputs: dict[str, str], status: str | None) -> None:
        self._outputs = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
        self._status = status

    def describe_stacks(self, *, StackName: str) -> Any:  # noqa: N803
        if self._status is None:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": self._status, "Outputs": self._outputs}]}


def target(registry: Registry, outputs: dict[str, str], status: str | None = "UPDATE_COMPLETE") -> AccountTarget:
    services: dict[str, Any] = {"ecr": registry, "cloudformation": Stacks(outputs, status)}
    return AccountTarget(
        environment="staging",
        clients=cast(Clients, SimpleNamespace(client=services.__getitem__)),
        bucket="artifacts",
        address="https://s3",
        bake_seconds=0.0,
        look_seconds=0.0,
    )


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    place = tmp_path / "portal-image.tar"
    place.write_bytes(b"x")
    return place


def test_it_is_pushed_once_and_run_by_its_digest(archive: Path) -> None:
    registry = Registry()
    there = target(registry, {"PortalRepository": REPOSITORY})

    first = image.promoted(there, BUILD, archive, registry.docker)
    again = image.promoted(there, BUILD, archive, registry.docker)

    assert first == again == {"PortalDigest": "sha256:5f"}
    assert [words[0] for words in registry.ran] == ["login", "load", "tag", "push"]
    assert registry.ran[-1][-1] == f"{REPOSITORY}:{'ab' * 20}"
    # The password is in no command line, where other processes could read it.
    assert registry.given[0] == "secret"
    assert not any("secret" in word for words in registry.ran for word in words)


def test_without_an_image_or_a_repository_the_parameter_stays(archive: Path, tmp_path: Path) -> None:
    registry = Registry()
    there = target(registry, {"PortalRepository": REPOSITORY})

    assert image.promoted(there, BUILD, tmp_path / "none.tar", registry.docker) == {}
    assert image.promoted(target(registry, {}), BUILD, archive, registry.docker) == {}
    assert image.promoted(target(registry, {}, status=None), BUILD, archive, registry.docker) == {}
    assert registry.ran == []


def test_the_image_is_one_more_known_parameter_of_the_target(archive: Path) -> None:
    known, registry = {"Platform": "false"}, Registry()
    there = replace(target(registry, {"PortalRepository": REPOSITORY}), known=known)

    assert image.with_image(there, BUILD, archive, registry.docker).known == known | {"PortalDigest": "sha256:5f"}
    assert there.known == known


def test_a_push_that_leaves_nothing_stops_the_deployment(archive: Path) -> None:
    registry = Registry(loses=True)

    with pytest.raises(Problem, match="not in mtd-staging-portal after its push"):
        image.promoted(target(registry, {"PortalRepository": REPOSITORY}), BUILD, archive, registry.docker)


def test_the_build_gets_the_registries_that_are_set(tmp_path: Path) -> None:
    registry = Registry()
    environ = {"PIP_INDEX_URL": "https://pypi.example/simple", "HTTPS_PROXY": ""}
    image.make(Instance(name="one", project=tmp_path, environ=environ), registry.docker)

    build, save = registry.ran
    assert "PIP_INDEX_URL=https://pypi.example/simple" in build
    assert not any(word.startswith("HTTPS_PROXY") for word in build)
    assert save[:2] == ["save", "--output"]
