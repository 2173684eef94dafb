"""The running system, and order numbers that no other test uses."""

import uuid

import pytest

from tests.integration.flow.system import System


@pytest.fixture(scope="session")
def system(home: dict[str, object]) -> System:
    return System(home)


@pytest.fixture
def number() -> str:
    return f"T-{uuid.uuid4().hex[:12]}"
