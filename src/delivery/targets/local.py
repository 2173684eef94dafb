"""The running instance itself as a target."""

from dataclasses import dataclass

from delivery.deployment import prerequisites
from delivery.targets.emulated import EmulatedTarget
from devenv.instance import ENVIRONMENT
from devenv.running import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTarget(EmulatedTarget):
    @classmethod
    def of(cls, running: Running, *, bake_seconds: float) -> "LocalTarget":
        return cls(
            environment=ENVIRONMENT,
            clients=running.clients,
            bucket=prerequisites.artifact_bucket(),
            address=running.endpoint,
            bake_seconds=bake_seconds,
            look_seconds=0.5,
        )
