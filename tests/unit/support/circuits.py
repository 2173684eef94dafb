"""A circuit in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from tests.unit.support.fakes import FakeStore

from mtd.domain.circuit import Circuit, CircuitState, WatchedCircuit
from mtd.usecases.flow.changes import Changes
from mtd.usecases.flow.circuit_breaker import CircuitSettings, ParkedOrder
from mtd.usecases.flow.tokens import LeasedToken, LeaseResult, TokenReference

SETTINGS = CircuitSettings(threshold=3, probe_seconds=14.2, drain_rate=50)
CLOSED = Circuit(open=False, by_hand=False)
A = UUID(int=0)


@dataclass(slots=True)
class FakeCircuits:
    """Serves `operate_circuits.WatchedCircuits` with one circuit in memory.

    `probe_due` says that an order may probe; `probes` are those that may. `turns` are the slices that are released.
    `settings` are those that its callers must name.
    """

    settings: CircuitSettings = SETTINGS

    circuit: Circuit = CLOSED
    probe_due: bool = False
    probes: list[LeasedToken] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    store: FakeStore | None = None
    found: list[WatchedCircuit] = field(default_factory=list)
    turns: dict[str, list[int]] = field(default_factory=dict)
    written: list[Changes] = field(default_factory=list)
    drain_rate: float | None = None
    _system: str = ""

    @contextmanager
    def locked(self, system: str) -> Iterator["FakeCircuits"]:
        self.calls.append(f"lock {system}")
        self._system = system
        yield self
        if self.store is not None and not self.circuit.open:
            self.store.circuit = CircuitState.CLOSED

    def watched(self) -> list[WatchedCircuit]:
        return self.found

    def lease_probe(self, server: str, references: Sequence[TokenReference], probe_seconds: float) -> LeaseResult:
        assert (server, probe_seconds) == ("allocation", self.settings.probe_seconds)
        assert references
        return LeaseResult(tokens=self.probes[:1])

    def park_due(self, server: str, references: Sequence[TokenReference]) -> list[ParkedOrder]:
        spoken = {token.token_id for token in (self.probes[:1] if self.probe_due else [])}
        return [
            ParkedOrder(order_id=UUID(int=r.token_id), node=server, token_id=r.token_id, version=r.version)
            for r in references
            if r.token_id not in spoken
        ]

    def add(self, circuit: str) -> None:
        self.calls.append(f"add {circuit}")

    def set(self, circuit: Circuit, reason: str, who: str, probe_seconds: float | None) -> None:
        assert reason
        # No order probes the circuit of a resource.
        assert probe_seconds == (None if self._system.startswith("folios-") else self.settings.probe_seconds)
        self.calls.append(f"set by {who}")
        self.circuit = circuit

    def keep_failing(self, failing: Sequence[UUID]) -> None:
        self.circuit = replace(self.circuit, failing=tuple(failing))

    def set_drain_rate(self, rate: float) -> None:
        self.drain_rate = rate

    def release_parked(self, rate: float, ahead_seconds: int, most: int) -> tuple[list[ParkedOrder], bool]:
        assert (rate, ahead_seconds, most) == (self.drain_rate or self.settings.drain_rate, 75, 2_000)
        turns = self.turns.get(self._system, [])
        count = turns.pop(0) if turns else 0
        one = ParkedOrder(order_id=A, node="allocation", token_id=1, version=2, due_seconds=1.5)
        return [one] * count, bool(turns)

    def longest_parked(self) -> list[TokenReference]:
        return [TokenReference(token_id=7, version=2)]

    def write(self, changes: Changes) -> None:
        self.written.append(changes)
