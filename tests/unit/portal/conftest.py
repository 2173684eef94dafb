"""The portal on fakes."""

from pathlib import Path

import pytest
from tests.unit.portal.services import FakePortal


@pytest.fixture
def portal(tmp_path: Path) -> FakePortal:
    return FakePortal(tmp_path)
