"""The shared layer: third-party packages for the functions' Python and platform, and our own packages beside them."""

import hashlib
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from delivery.packaging.artifacts import content_hash, files_of, write_zip
from devenv.backends.tool_environments import uv

AWS_PYTHON = "3.13"
AWS_PLATFORM = "x86_64-manylinux_2_28"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlatform:
    """The Python version and the platform, by uv's name, for which the layer is built."""

    python: str
    platform: str

    @classmethod
    def aws(cls) -> "LayerPlatform":
        return cls(python=AWS_PYTHON, platform=AWS_PLATFORM)

    @classmethod
    def of_interpreter(cls, python: Path) -> "LayerPlatform":
        """This machine, and the Python version of that interpreter, which runs the functions."""
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        version = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        system = "apple-darwin" if sys.platform == "darwin" else "unknown-linux-gnu"
        return cls(python=version, platform=f"{_machine()}-{system}")

    @classmethod
    def in_container(cls, python: str) -> "LayerPlatform":
        """Linux on this machine's processor."""
        return cls(python=python, platform=f"{_machine()}-unknown-linux-gnu")


def _machine() -> str:
    return "aarch64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A built layer: its zip, the hash of its input, and in `third_party` that hash without our own code."""

    zip: Path
    content: str
    third_party: str


def build(source: Path, build_folder: Path, platform: LayerPlatform) -> Layer:
    """Builds the layer of `source` (requirements.txt and packages), or returns the layer built of the same input."""
    packages = _third_party(source / "requirements.txt", build_folder, platform)
    files = [(f"python/{name}", path) for name, path in files_of(packages)]
    own = [(name, path) for name, path in files_of(source) if "/" in name]
    files += [(f"python/{name}", path) for name, path in own]
    content = hashlib.sha256(f"{packages.name}{content_hash(own)}".encode()).hexdigest()[:32]
    archive = build_folder / "layers" / f"{content}.zip"
    if not archive.exists():
        write_zip(archive, files)
    return Layer(zip=archive, content=content, third_party=packages.name)


def _third_party(lock: Path, build_folder: Path, platform: LayerPlatform) -> Path:
    text = lock.read_bytes() + f"{platform.python}|{platform.platform}".encode()
    place = build_folder / "third-party" / hashlib.sha256(text).hexdigest()[:32]
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_suffix(".lock")):
        if not place.exists():
            making = place.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            versions = ["--python-version", platform.python, "--python-platform", platform.platform]
            locked = ["--require-hashes", "--no-deps", "-r", str(lock)]
            folders = ["--python", sys.executable, "--target", str(making)]
            uv("the Lambda layer", "pip", "install", "--only-binary", ":all:", *folders, *versions, *locked)
            making.rename(place)
    return place
