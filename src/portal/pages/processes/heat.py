"""Times in states as colours: each level has its span, its colour and a legend, and every state its figure."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from portal.rendering import formats

_BOUNDS = (0.0, 1.0, 10.0, 60.0, 3600.0)
"""Seconds from which on a state is of the next level."""


def level(seconds: float) -> int:
    """0 for the quickest."""
    return max(number for number, bound in enumerate(_BOUNDS) if seconds >= bound)


def legend(locale: str) -> list[tuple[int, str]]:
    """The meaning of each level."""
    spans = [f"{formats.duration(low, locale)} – {formats.duration(high, locale)}" for low, high in pairwise(_BOUNDS)]
    spans[0] = f"< {formats.duration(_BOUNDS[1], locale)}"
    return list(enumerate([*spans, f"≥ {formats.duration(_BOUNDS[-1], locale)}"]))


def marks(times: Sequence[Mapping[str, Any]], locale: str) -> dict[str, dict[str, Any]]:
    """By the diagram's element: the level and the figure to show there."""
    return {
        row["element"]: {"level": level(row["p50"]), "label": formats.duration(row["p50"], locale)}
        for row in times
        if row["element"] and row["p50"] is not None
    }
