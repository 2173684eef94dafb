"""The types of arguments: argparse refuses any other text as a usage error, with its reason."""

import argparse
import math


def text(word: str) -> str:
    """A text that says something."""
    if not word.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return word


def whole_number(word: str) -> int:
    """A whole number from 1."""
    try:
        number = int(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} is below 1")
    return number


def quantity(word: str) -> float:
    """A number above 0."""
    try:
        number = float(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number") from None
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{word} is not above 0")
    return number
