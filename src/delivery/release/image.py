"""The portal's image: built once beside the build, pushed to each environment's own repository, run by its digest."""

import base64
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from botocore.exceptions import ClientError

from delivery.packaging import builds
from delivery.targets.target import Target
from devenv.instance import Instance
from devenv.problem import Problem

Docker = Callable[[Sequence[str], str], None]
"""Runs `docker` with these words and that standard input. Raises Problem."""

_NAME = "mtd-portal:release"


def archive(instance: Instance) -> Path:
    """The file of the image, beside the builds; CI passes both on."""
    return builds.folder_of(instance) / "portal-image.tar"


def docker(words: Sequence[str], given: str = "") -> None:
    program = shutil.which("docker")
    if program is None:
        raise Problem(
            "There is no docker command.", fix="Install Docker; the portal's image is built and pushed by it."
        )
    ended = subprocess.run([program, *words], input=given, capture_output=True, text=True, check=False)
    if ended.returncode:
        reason = " ".join((ended.stderr or ended.stdout).split())[-400:]
        raise Problem(f"docker {words[0]} failed: {reason}", fix="See that Docker runs and reaches its registries.")


def make(instance: Instance, run: Docker = docker) -> Path:
    """Builds the image of the sources as they are, and keeps it as a file. Raises Problem."""
    place = archive(instance)
    place.parent.mkdir(parents=True, exist_ok=True)
    arguments = [
        word
        for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "NPM_REGISTRY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
        if instance.setting(name)
        for word in ("--build-arg", f"{name}={instance.setting(name)}")
    ]
    project = str(instance.project)
    run(["build", "--quiet", *arguments, "--file", f"{project}/src/portal/Dockerfile", "--tag", _NAME, project], "")
    run(["save", "--output", str(place), _NAME], "")
    return place


def with_image(target: Target, build: builds.Build, image: Path, run: Docker = docker) -> Target:
    """Pushes the image and returns the target with the parameter that names it. Raises Problem."""
    return replace(target, known={**promoted(target, build, image, run), **target.known})


def promoted(target: Target, build: builds.Build, image: Path, run: Docker = docker) -> dict[str, str]:
    """Pushes the image under the build's digest, unless it is there; the template's parameter that names it. Nothing
    where there is no image, or no repository yet: a stack's first deployment makes that. Raises Problem."""
    repository = target.portal_repository if image.exists() else None
    if repository is None:
        return {}
    ecr, tag = target.clients.client("ecr"), build.digest[:40]
    name = repository.partition("/")[2]

    def digest() -> str | None:
        try:
            described = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ImageNotFoundException":
                return None
            raise
        return str(described["imageDetails"][0]["imageDigest"])

    if digest() is None:
        [granted] = ecr.get_authorization_token()["authorizationData"]
        user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
        run(["login", "--username", user, "--password-stdin", repository.partition("/")[0]], password)
        run(["load", "--quiet", "--input", str(image)], "")
        run(["tag", _NAME, f"{repository}:{tag}"], "")
        run(["push", "--quiet", f"{repository}:{tag}"], "")
    found = digest()
    if found is None:
        raise Problem(f"The image {tag} is not in {name} after its push.", fix="See the repository in ECR.")
    return {"PortalDigest": found}
