"""One LocalStack with staging deployed into it, for all of this folder."""

from collections.abc import Iterator

import pytest

from tests.integration.aws.deployed import Deployed, deploy
from tests.integration.executor.bare_localstack import BareLocalStack


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("aws")
    with BareLocalStack(folder / "localstack") as localstack:
        build = folder / "build"
        build.mkdir()
        yield deploy(localstack, build, "staging")
