"""Changes to XML that mostly leave it well-formed: a fuzzer's own, byte by byte, seldom get past the first reader."""

import random
import re

_ELEMENT = re.compile(rb"<(/?)([A-Za-z][\w:.-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>")
_VALUE = re.compile(rb"=\"([^\"]*)\"")
_TEXT = re.compile(rb">([^<>]+)<")
STRANGE = (
    b"",
    b"0",
    b"-1",
    b"1e400",
    b"NaN",
    b"Infinity",
    b"99999999999999999999999",
    b"0.1",
    b"1_000",
    b"\xd9\xa3",
    b"2026-02-30",
    b"0001-01-01",
    b"9999-12-31",
    b"PT",
    b"P1D",
    b"R/PT0S",
    b"R99999999/PT1S",
    b"P99999999Y",
    b"12345678-5",
    b"11111111-1",
    b"a" * 5000,
    b"&#10;",
    b"&#xFFFD;",
    b"case.order.total &gt; 0",
    b"a.b.c(d)[e]",
    b"(" * 200,
    b"not not not x",
    b"true",
)


def elements(content: bytes) -> list[tuple[int, int]]:
    """Where each element within the root begins and ends; of one that is never closed nothing is said."""
    found, opened = [], []
    for match in _ELEMENT.finditer(content):
        closing, name, _, empty = match.groups()
        if empty:
            found.append((match.start(), match.end()))
        elif not closing:
            opened.append((name, match.start()))
        elif opened and opened[-1][0] == name:
            start = opened.pop()[1]
            found += [(start, match.end())] if opened else []
    return found


def mutated(content: bytes, seed: int) -> bytes:
    """The content with one change: an element gone, doubled or elsewhere, or a value that is another's or strange."""
    chance = random.Random(seed)
    spans = elements(content)
    values = [match.span(1) for pattern in (_VALUE, _TEXT) for match in pattern.finditer(content)]
    if len(spans) < 2 or not values:
        return content
    start, end = chance.choice(spans)
    match chance.randrange(5):
        case 0:
            return content[:start] + content[end:]
        case 1:
            return content[:end] + content[start:end] * chance.choice((1, 1, 20)) + content[end:]
        case 2:
            place = chance.choice(spans)[chance.randrange(2)]
            return content[:place] + content[start:end] + content[place:]
        case 3:
            other = chance.choice(values)
            return _put(content, chance.choice(values), content[other[0] : other[1]])
        case _:
            return _put(content, chance.choice(values), chance.choice(STRANGE))


def _put(content: bytes, span: tuple[int, int], value: bytes) -> bytes:
    return content[: span[0]] + value + content[span[1] :]
