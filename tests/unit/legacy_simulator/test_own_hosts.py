"""The simulator in a browser's reach."""

import pytest
from starlette.testclient import TestClient

from legacy_simulator.app import create_app


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:4580", 200),
        ("localhost:4580", 200),
        ("legacy-simulator", 200),
        ("rebound.example", 403),
        ("127.0.0.1.evil.example:4580", 403),
        ("[evil.example", 403),
    ],
)
def test_only_this_machines_names_are_served(host: str, status: int) -> None:
    with TestClient(create_app(":memory:")) as client:
        assert client.get("/control/faults", headers={"host": host}).status_code == status
