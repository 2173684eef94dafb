"""Keeps the assumed roles of state machines for a while. LocalStack assumed the role and made a client for every state
of every execution, which took longer than the states."""

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

_KEPT_SECONDS = 300.0


class KeptRoles:
    """Stands for `connect_to` where states are run: `assume(**named)` once for the same names within `seconds`."""

    def __init__(
        self,
        assume: Callable[..., Any],
        seconds: float = _KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._assume = assume
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._lock = Lock()

    def with_assumed_role(self, **named: Any) -> Any:
        """The factory of clients that act in the role. An error of the assumption is raised and not kept."""
        names = (named["role_arn"], named["region_name"])
        with self._lock:
            known = self._kept.get(names)
            if known is None or known[0] <= self._clock():
                known = self._kept[names] = (self._clock() + self._seconds, self._assume(**named))
            return known[1]


def keep_state_roles() -> None:
    """Have LocalStack's Step Functions keep the roles it assumes. Credentials are good for an hour."""
    from localstack.services.stepfunctions.asl.utils import boto_client

    boto_client.connect_to = KeptRoles(boto_client.connect_to.with_assumed_role)
