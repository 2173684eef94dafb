"""Faults of the simulated systems, by system and by order."""

import asyncio
import random
from dataclasses import dataclass, fields
from typing import Any

type Json = dict[str, Any]


class Refusal(Exception):
    """A business refusal: final, with the system's code."""

    def __init__(self, code: str, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Broken(Exception):
    """An answer of 5xx."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault. Rates are shares of calls, 0 to 1. `times` is the number of remaining calls; None means all."""

    latency_ms: float = 0.0
    error_rate: float = 0.0
    refusal_rate: float = 0.0
    refusal_code: str = "refused"
    refusal_message: str = "refused by the simulator"
    outage: bool = False
    hang_before: bool = False
    hang_after: bool = False
    hang_seconds: float = 30.0
    times: int | None = None


class Faults:
    """The faults in force; one set for an order wins over one set for its whole system."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, str | None], Fault] = {}

    def set(self, system: str, order: str | None, settings: Json) -> None:
        """Raises ValueError that names an unknown setting."""
        unknown = set(settings) - {field.name for field in fields(Fault)}
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        self._faults[system, order] = Fault(**settings)

    def clear(self, system: str | None = None, order: str | None = None) -> None:
        """Forgets the faults of a system, of one of its orders, or all."""
        for key in list(self._faults):
            if system is None or (key[0] == system and (order is None or key[1] == order)):
                del self._faults[key]

    def take(self, system: str, order: str | None) -> Fault:
        """The fault of this call, one of its `times` used up."""
        for key in ((system, order), (system, None)):
            fault = self._faults.get(key)
            if fault is None:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    del self._faults[key]
            return fault
        return Fault()

    def listed(self) -> list[Json]:
        """All faults in force."""
        return [
            {"system": system, "order": order} | {f.name: getattr(fault, f.name) for f in fields(Fault)}
            for (system, order), fault in self._faults.items()
        ]


async def before(fault: Fault) -> None:
    """Applies the fault before the operation."""
    if fault.latency_ms:
        await asyncio.sleep(fault.latency_ms / 1000)
    if fault.outage:
        raise Broken(503)
    if fault.hang_before:
        await asyncio.sleep(fault.hang_seconds)
        raise Broken(504)
    if random.random() < fault.error_rate:
        raise Broken(500)
    if random.random() < fault.refusal_rate:
        raise Refusal(fault.refusal_code, fault.refusal_message)


async def after(fault: Fault) -> None:
    """Applies the fault after the operation."""
    if fault.hang_after:
        await asyncio.sleep(fault.hang_seconds)
        raise Broken(504)
