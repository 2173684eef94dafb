"""The schedule of a run, and its generated orders."""

import importlib.util
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """`orders` that are put from `due` seconds after the start on, `rate` a second, or as fast as possible."""

    orders: int
    due: float
    rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The waves of a run, and `late` orders that are put once half of the others have ended."""

    waves: tuple[Wave, ...]
    late: int = 0

    @property
    def orders(self) -> int:
        """The number of orders, the late ones included."""
        return sum(wave.orders for wave in self.waves) + self.late


def single_wave(orders: int, late: int, rate: float | None) -> Schedule:
    """All orders at once, or `rate` a second."""
    return Schedule(waves=(Wave(orders=orders, due=0, rate=rate),), late=late)


def repeated_waves(orders: int, every: float, duration: float, speedup: float) -> Schedule:
    """`orders` every `every` seconds for `duration` seconds; the whole schedule `speedup` times faster."""
    count = max(1, int(duration // every))
    return Schedule(waves=tuple(Wave(orders=orders, due=i * every / speedup) for i in range(count)))


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedOrder:
    """A generated order and its number."""

    number: str
    content: bytes


class GeneratedOrders:
    """Distinct orders, numbered from `prefix`; the same seed gives the same ones."""

    def __init__(self, project: Path, prefix: str, seed: int) -> None:
        self.prefix = prefix
        self._generated: Iterator[tuple[str, str]] = _generator(project).generate(10**9, seed=seed, prefix=prefix)

    def take(self, count: int) -> list[GeneratedOrder]:
        """The next orders."""
        return [
            GeneratedOrder(number=number, content=content.encode())
            for number, content in (next(self._generated) for _ in range(count))
        ]


@cache
def _generator(project: Path) -> ModuleType:
    """The module seed/generate.py, which is not in a package."""
    spec = importlib.util.spec_from_file_location("generate", project / "seed" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def unique_prefix() -> str:
    """A prefix for the numbers of this run: the current second in base 36."""
    digits, value = "", int(time.time())
    while value:
        value, digit = divmod(value, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return f"S{digits}"
