"""Reading a binding sheet (YAML) as somebody sends it. Its words are the engine's to understand."""

from itertools import accumulate
from typing import Any

import yaml

LARGEST = 64 * 1024
"""Bytes; the sheets of the largest diagrams have a few thousand."""
_DEEPEST = 50
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


class AliasError(ValueError):
    """A YAML alias: a few lines of them stand for gigabytes."""


def read(text: str) -> Any:
    """The sheet's mapping; every value stays a text.

    Raises AliasError, or one of ERRORS for what is no YAML, or lies so deep in brackets that reading it takes minutes.
    """
    if max(accumulate(_BRACKETS.get(letter, 0) for letter in text), default=0) > _DEEPEST:
        raise ValueError(f"brackets lie more than {_DEEPEST} deep in each other")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
        raise AliasError("aliases are not allowed")
    return yaml.load(text, Loader=yaml.BaseLoader)


ERRORS = (yaml.YAMLError, ValueError, RecursionError)
