"""An instance in a folder of its own, and small sources."""

from pathlib import Path

import pytest
from tests.unit.delivery.release.accounts import sources_in

from delivery.packaging import layer
from devenv.instance import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(name="one", project=tmp_path, environ={})


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project to build; its layer needs no package."""

    def empty(_source: Path, build_folder: Path, _target: layer.LayerPlatform) -> layer.Layer:
        build_folder.mkdir(parents=True, exist_ok=True)
        archive = build_folder / "layer.zip"
        archive.write_bytes(b"layer")
        return layer.Layer(zip=archive, content="c1", third_party="t1")

    monkeypatch.setattr(layer, "build", empty)
    return sources_in(tmp_path / "one")
