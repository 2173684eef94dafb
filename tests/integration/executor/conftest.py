"""One bare LocalStack per xdist worker; each test gets an account of its own in it."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from tests.integration.executor.bare_localstack import BareLocalStack  # noqa: E402
from tests.integration.executor.functions import Functions  # noqa: E402

ACCOUNTS = itertools.count(200_000_000_001)


@pytest.fixture(scope="session")
def hot_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that overlays the layer named ``hot`` in hot functions."""
    return tmp_path_factory.mktemp("hot")


@pytest.fixture(scope="session")
def localstack(tmp_path_factory: pytest.TempPathFactory, hot_folder: Path) -> Iterator[BareLocalStack]:
    """A LocalStack for this worker's tests; idle functions live for 3 s in it."""
    folder = tmp_path_factory.mktemp("localstack")
    settings = {"MTD_HOT_LAYERS": f'{{"hot": "{hot_folder}"}}', "LAMBDA_KEEPALIVE_MS": "3000"}
    with BareLocalStack(folder, settings) as running:
        yield running


@pytest.fixture
def functions(localstack: BareLocalStack) -> Functions:
    """An account without functions."""
    return Functions(localstack, str(next(ACCOUNTS)))
