"""A build: the files of a deployment under one digest, made once and deployed into each environment."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from delivery.packaging import layer
from delivery.packaging.migrations import ensure_expand_only
from delivery.packaging.packaging import PackagingPlan, package
from devenv.aws import Clients
from devenv.instance import Instance
from devenv.problem import Problem

# Placeholders in the templates for the artifact bucket of an environment; `put` fills them in.
_BUCKET, _ADDRESS = "mtd-artifact-bucket", "https://mtd-artifact-address"
# Two puts of the same key at once, or one that found it there (S3, "Conditional requests").
_THERE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_MANIFEST = "manifest.json"
_TEMPLATE = "template.json"
_BESIDE = {
    "processes": "seed/processes/*.bpmn",
    "environments": "cloudformation/environments/*.json",
    "smoke": "seed/orders/CL-2026-000001.xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A folder with the files that `files` names by path, and their SHA-256."""

    folder: Path
    digest: str
    files: Mapping[str, str]

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def named(self, kind: str) -> dict[str, Path]:
        """The files of one of the build's folders, by stem."""
        found = (self.folder / name for name in self.files if name.startswith(f"{kind}/"))
        return {path.stem: path for path in sorted(found)}

    def template(self, name: str = _TEMPLATE) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text(name))
        return document

    def parameters(self, environment: str) -> dict[str, str]:
        """The parameters in the environment's file. Raises Problem when the build has no such file."""
        path = self.named("environments").get(environment)
        if path is None:
            known = ", ".join(self.named("environments"))
            raise Problem(f"Build {self.digest} has no environment {environment}.", fix=f"It has {known}.")
        return {item["ParameterKey"]: str(item["ParameterValue"]) for item in json.loads(path.read_text("utf-8"))}


# Of a deployment's course, not of what serves: they change no function. MAKING are "true" while something is made.
MAKING = ("FirstDeployment", "FirstPortal")
PASSING = frozenset({"Release", *MAKING})


def release_of(build: Build, parameters: Mapping[str, str]) -> str:
    """Names what functions are made of: the templates, which name code and layer by their content, and all parameters'
    values. Files beside the templates (processes, the smoke's order) are no part of it."""
    values = sorted((name, value) for name, value in parameters.items() if name not in PASSING)
    return hashlib.sha256(f"{build.text(_TEMPLATE)} {json.dumps(values)}".encode()).hexdigest()[:40]


def folder_of(instance: Instance) -> Path:
    """The folder of all builds: `build/releases`."""
    return instance.project / "build" / "releases"


def make(instance: Instance) -> Build:
    """Builds the current sources. The same sources have the same digest on any machine. Raises Problem."""
    project = instance.project
    ensure_expand_only(project / "src" / "shared" / "mtd" / "migrations")
    plan = PackagingPlan(
        bucket=_BUCKET,
        url=lambda key: f"{_ADDRESS}/{key}",
        build_folder=instance.build,
        layer=lambda source: layer.build(source, instance.build, layer.LayerPlatform.aws()),
        hot=False,
    )
    packaged = package(project / "cloudformation" / "template.yaml", plan)
    sources = dict(packaged.uploads)
    for kind, pattern in _BESIDE.items():
        sources |= {f"{kind}/{path.name}": path for path in project.glob(pattern)}
    contents = {name: path.read_bytes() for name, path in sources.items()} | {_TEMPLATE: packaged.body.encode()}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    digest = _digest(hashes)
    place = folder_of(instance) / digest
    if not place.exists():
        making = place.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        for name, content in contents.items():
            (making / name).parent.mkdir(parents=True, exist_ok=True)
            (making / name).write_bytes(content)
        (making / _MANIFEST).write_text(json.dumps({"digest": digest, "files": hashes}, indent=1) + "\n", "utf-8")
        making.rename(place)
    return read(place)


def read(folder: Path) -> Build:
    """Reads an existing build. Raises Problem unless every file and the digest match the manifest."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
        digest, files = str(manifest["digest"]), dict(manifest["files"])
    except FileNotFoundError as error:
        raise Problem(
            f"{folder} holds no build.", fix="Run 'make build', or download CI's artifact 'release'."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"{folder / _MANIFEST} is not a manifest ({error!r}).", fix="Run 'make build' again.") from error
    wrong = [name for name, expected in files.items() if _hash(folder / name) != expected]
    if digest != _digest(files) or folder.name != digest:
        wrong.insert(0, _MANIFEST)
    if wrong:
        raise Problem(
            f"Build {folder.name} was changed after it was built: {', '.join(wrong[:5])} differs from the manifest.",
            fix="Download the build from CI again: only an unchanged build may be deployed.",
        )
    return Build(folder=folder, digest=digest, files=files)


def find(instance: Instance, digest: str) -> Build:
    """The build whose digest begins so, or the one build for `only`. Raises Problem unless exactly one matches."""
    known = sorted(path.name for path in folder_of(instance).glob("*") if (path / _MANIFEST).exists())
    meant = [name for name in known if digest == "only" or name.startswith(digest)]
    if len(meant) != 1:
        listed = ", ".join(meant or known) or "none"
        raise Problem(
            f"{'No' if not meant else 'More than one'} build under {folder_of(instance)} is named {digest}.",
            fix=f"There are: {listed}. 'make build' builds the current sources.",
        )
    return read(folder_of(instance) / meant[0])


def put(build: Build, clients: Clients, bucket: str, address: str, *, overwrite: bool = True) -> str:
    """Uploads a build into an artifact bucket and fills the placeholders in; returns the URL of the root template.

    A review must not `overwrite`: nobody has approved it, and a rollback executes the deployed files again. Raises
    Problem when a file's place has other content then."""
    client = clients.client("s3")

    def one(name: str) -> None:
        content = (build.folder / name).read_bytes()
        if name.endswith(".json"):
            filled = content.decode().replace(_ADDRESS, f"{address}/{bucket}").replace(_BUCKET, bucket)
            content = filled.encode()
        key = _key(build, name)
        if overwrite:
            client.put_object(Bucket=bucket, Key=key, Body=content)
            return
        try:
            client.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _THERE:
                raise
            if client.get_object(Bucket=bucket, Key=key)["Body"].read() != content:
                raise Problem(
                    f"{key} in {bucket} is not what was built.",
                    fix="Find out who wrote it (the object's versions, CloudTrail); a deployment overwrites it.",
                ) from error

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, [*build.files, _MANIFEST]))
    return f"{address}/{bucket}/{_key(build, _TEMPLATE)}"


def _key(build: Build, name: str) -> str:
    """The key of a file. Templates refer to files by the hashes of their content; the root template and the files
    beside it are in the folder of the digest."""
    shared = name.partition("/")[0] in {"templates", "definitions", "functions", "layers"}
    return name if shared else f"releases/{build.digest}/{name}"


def _digest(hashes: Mapping[str, str]) -> str:
    return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in sorted(hashes.items())).encode()).hexdigest()


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
