"""One operation: faults before, done at most once by its idempotency key, faults after."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from legacy_simulator import faults
from legacy_simulator.ledger import Ledger

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """The state that all systems share."""

    ledger: Ledger
    faults: faults.Faults

    async def perform(
        self, system: str, operation: str, key: str, order: str | None, request: Json, do: Callable[[], Json]
    ) -> Json:
        """The operation's result; the stored one when the key was seen before.

        Raises faults.Refusal and faults.Broken.
        """
        if not key:
            raise faults.Refusal("key_missing", "the header Idempotency-Key is missing", 400)
        fault = self.faults.take(system, order)
        await faults.before(fault)
        result = self.ledger.find(system, key)
        if result is None:
            with self.ledger.db:
                self.ledger.db.execute("begin immediate")
                result = do()
                self.ledger.record(system, operation, key, order, request, result)
        await faults.after(fault)
        return result

    async def recover(self, system: str, key: str) -> Json | None:
        """The result of the operation with that key. The faults of a system apply to this call too."""
        await faults.before(self.faults.take(system, None))
        return self.ledger.find(system, key)
