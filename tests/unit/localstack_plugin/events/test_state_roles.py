from typing import Any

import pytest
from mtd_localstack.events.state_roles import KeptRoles


class Assuming:
    """Gives a new factory for every call, and keeps the roles it was asked for; fails for the role `gone`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, **named: Any) -> object:
        self.asked.append(named["role_arn"])
        if named["role_arn"] == "gone":
            raise LookupError("NoSuchEntity")
        return object()


def test_a_role_is_assumed_once_a_region_until_its_time_is_over() -> None:
    assuming, now = Assuming(), [0.0]
    roles = KeptRoles(assuming, seconds=10, clock=lambda: now[0])

    first = roles.with_assumed_role(role_arn="a", region_name="us-west-2", config=None)
    assert roles.with_assumed_role(role_arn="a", region_name="us-west-2", config=None) is first
    assert roles.with_assumed_role(role_arn="a", region_name="us-east-1", config=None) is not first
    assert roles.with_assumed_role(role_arn="b", region_name="us-west-2", config=None) is not first
    now[0] = 10.0
    assert roles.with_assumed_role(role_arn="a", region_name="us-west-2", config=None) is not first
    assert assuming.asked == ["a", "a", "b", "a"]


def test_a_role_that_cannot_be_assumed_is_asked_for_again() -> None:
    assuming = Assuming()
    roles = KeptRoles(assuming)

    for _ in range(2):
        with pytest.raises(LookupError):
            roles.with_assumed_role(role_arn="gone", region_name="us-west-2")
    assert assuming.asked == ["gone", "gone"]
