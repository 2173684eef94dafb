"""An instance in a folder of its own."""

from pathlib import Path

import pytest

from devenv.instance import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(name="one", project=tmp_path, environ={})
