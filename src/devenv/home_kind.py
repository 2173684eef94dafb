"""Which home an instance runs in, and why."""

from dataclasses import dataclass

from devenv.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeKind:
    name: str
    reason: str


def choose(asked: str) -> HomeKind:
    """The home that was asked for, or the default. Raises Problem (exit code 2) for one that cannot be had."""
    if asked == "compose":
        raise Problem(
            "The compose home is not built yet.",
            fix="Use the embedded one: make up HOME_KIND=embedded",
            code=2,
        )
    if asked not in {"", "embedded"}:
        raise Problem(f"HOME_KIND is '{asked}', which is no home.", fix="Use embedded.", code=2)
    if asked:
        return HomeKind(name="embedded", reason="asked for")
    return HomeKind(name="embedded", reason="the default: it needs Python and nothing else")
