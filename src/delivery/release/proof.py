"""Proves that a build depends on its sources alone, and that the running instance runs the same files as AWS."""

import io
import os
import shutil
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from delivery.packaging import builds
from delivery.packaging.artifacts import files_of
from delivery.packaging.builds import Build
from delivery.packaging.layer import LayerPlatform
from delivery.release.code import code_of
from devenv.backends.choice import recorded_backend, servers_of
from devenv.console.screen import print_json, table
from devenv.instance import ENVIRONMENT, Instance
from devenv.running import Running

_SOURCES = ("src/lambdas", "src/shared", "cloudformation", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison: how many files and bytes on both sides, and the names that differ or are on one side only."""

    what: str
    files: int
    bytes: int
    differences: list[str]


def prove(instance: Instance, out: Console, *, as_json: bool) -> int:
    """1 when anything differs. Raises Problem when the instance does not run."""
    running = Running.of(instance)
    build = builds.make(instance)
    compared = [_built_again(instance, build, umask=umask, age=age) for umask, age in ((0o022, 0), (0o077, 10_000_000))]
    compared += _local(running, build)
    if as_json:
        print_json([asdict(one) for one in compared])
    else:
        rows = [(one.what, one.files, one.bytes, len(one.differences)) for one in compared]
        out.print(table(("Compared", "Files", "Bytes", "Differences"), rows, right=("Files", "Bytes", "Differences")))
        for one in compared:
            for name in one.differences[:20]:
                out.print(f"{one.what}: {name}", highlight=False, markup=False)
        out.print(
            f"\nBuild {build.digest}; differences: {sum(len(one.differences) for one in compared)}", highlight=False
        )
    return int(any(one.differences for one in compared))


def _built_again(instance: Instance, build: Build, *, umask: int, age: int) -> Comparison:
    """From a copy of the sources in another folder, with nothing built before, under another umask, its files of
    another age (seconds)."""
    with tempfile.TemporaryDirectory(prefix="mtd-proof-") as folder:
        project = Path(folder) / f"copy-{umask:o}"
        for name in _SOURCES:
            shutil.copytree(
                instance.project / name,
                project / name,
                ignore=shutil.ignore_patterns("__pycache__"),
                copy_function=shutil.copyfile,
            )
        before = os.umask(umask)
        try:
            moment = time.time() - age
            for path in project.rglob("*"):
                if path.is_file():
                    path.chmod(0o666 & ~umask)
                    os.utime(path, (moment, moment))
            again = builds.make(
                Instance(name="proof", project=project, environ={"MTD_HOME": str(Path(folder) / "home")})
            )
        finally:
            os.umask(before)
        ours, theirs = _contents(build), _contents(again)
    return _compare(f"built again, umask {umask:03o}, files {age // 86400} days old", ours, theirs)


def _contents(build: Build) -> dict[str, bytes]:
    return {name: (build.folder / name).read_bytes() for name in build.files}


def _local(running: Running, build: Build) -> list[Comparison]:
    """Compares the files of the running instance's functions with the zips of the build."""
    client = running.clients.client("lambda")
    code = code_of(build)
    zips: dict[str, bytes] = {}
    folders: dict[str, bytes] = {}
    arn = ""
    for function, key in code.functions.items():
        described = client.get_function(FunctionName=f"mtd-{ENVIRONMENT}-{function}")
        arn = described["Configuration"]["Layers"][0]["Arn"]
        folder = Path(described["Code"]["Location"].removeprefix("file://"))
        folders |= {f"{function}/{name}": path.read_bytes() for name, path in files_of(folder)}
        zips |= {f"{function}/{name}": body for name, body in _unzipped((build.folder / key).read_bytes()).items()}
    layer = _unzipped((build.folder / code.layer).read_bytes())
    shared = running.instance.project / "src" / "shared"
    own = {f"python/{name}": path.read_bytes() for name, path in files_of(shared) if "/" in name}
    ours = {name: body for name, body in layer.items() if name.split("/")[1] in {path.split("/")[1] for path in own}}
    compared = [
        _compare("functions: folders that run, zips", folders, zips),
        _compare("layer: our own code", own, ours),
    ]
    platform = servers_of(running.instance, recorded_backend(running.document)).layer_platform()
    if (platform.python, platform.platform.partition("-")[0]) != (LayerPlatform.aws().python, "x86_64"):
        return compared
    location = client.get_layer_version_by_arn(Arn=arn)["Content"]["Location"]
    with urllib.request.urlopen(location, timeout=60) as response:
        served = _unzipped(response.read())
    return [
        *compared,
        _compare("layer: third-party packages", _without(served, ours), _without(layer, ours)),
    ]


def _without(files: Mapping[str, bytes], others: Mapping[str, bytes]) -> dict[str, bytes]:
    packages = {name.split("/")[1] for name in others}
    return {name: body for name, body in files.items() if name.split("/")[1] not in packages}


def _unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _compare(what: str, ours: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> Comparison:
    differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    return Comparison(what=what, files=len(ours), bytes=sum(map(len, ours.values())), differences=differing)
