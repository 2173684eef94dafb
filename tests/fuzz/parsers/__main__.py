"""Fuzzes one reader of files by its coverage: python -m tests.fuzz.parsers orders|diagrams SECONDS [libFuzzer option…].

New inputs go to .mtd/fuzz/<target>. Inputs that break the reader go to .mtd/fuzz/<target>-<hash>; a mended one belongs
into tests/fuzz/corpus.
"""

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]

PROJECT = Path(__file__).parents[3]
sys.path[:0] = [str(PROJECT / "src" / "shared")]

with atheris.instrument_imports(include=["mtd"]):
    from tests.fuzz.parsers.targets import BYTES, TARGETS, timed
from tests.fuzz.parsers.mutations import mutated  # noqa: E402

SEEDS = {
    "orders": [PROJECT / "tests/fuzz/corpus/orders", PROJECT / "seed/orders"],
    "diagrams": [PROJECT / "tests/fuzz/corpus/diagrams", PROJECT / "tests/data/processes"],
}
# The interpreter and what it has loaded.
_BASE_MB = 150


# Of how many changes one is the fuzzer's own, byte by byte.
_BYTEWISE = 4


def mutate(content: bytes, most: int, seed: int) -> bytes:
    """One change, of XML or of its bytes."""
    if seed % _BYTEWISE == 0:
        changed: bytes = atheris.Mutate(content, most)
        return changed
    changed = mutated(content, seed)
    return changed if len(changed) <= most else content[:most]


def main(name: str, seconds: str, options: list[str]) -> None:
    """Runs until the time is over, or something breaks."""
    found = PROJECT / ".mtd" / "fuzz" / name
    found.mkdir(parents=True, exist_ok=True)
    settings = [
        f"-max_total_time={seconds}",
        "-max_len=200000",
        "-timeout=60",
        f"-rss_limit_mb={_BASE_MB + BYTES // 2**20}",
        f"-artifact_prefix={found}-",
        f"-dict={Path(__file__).with_name(f'{name}.dict')}",
        "-print_final_stats=1",
    ]
    target = TARGETS[name]
    words = [sys.argv[0], *settings, *options, str(found), *map(str, SEEDS[name])]
    atheris.Setup(words, lambda content: timed(target, content), custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
