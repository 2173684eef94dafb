"""The engine's messages to people, as a code and its values, so that each reader gets them in their language.

A phrase's text is English (`english.py`); what it says of elements and of other causes are phrases within it.
"""

from dataclasses import dataclass
from typing import Any

from mtd.domain.errors import ProcessError
from mtd.engine.messages.english import TEXTS
from mtd.engine.messages.naming import slug

type PhraseValue = str | int | Phrase | tuple[Phrase, ...]
"""Several phrases are told one after the other: `task 'A' and task 'B'`."""


@dataclass(frozen=True, slots=True, init=False)
class Phrase:
    """`Phrase("empty_timer", node=called(node))`; as a text it is one line of English, whatever the values hold."""

    code: str
    values: tuple[tuple[str, PhraseValue], ...]

    def __init__(self, code: str, /, **values: PhraseValue) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", tuple(values.items()))

    def __str__(self) -> str:
        values = {name: _shown(value) for name, value in self.values}
        return " ".join(TEXTS[self.code].format(**values).split())


class PhrasedError(ProcessError):
    """Its message is a phrase, for a report to take it up."""

    def __init__(self, phrase: Phrase, *, code: str) -> None:
        super().__init__(str(phrase), code=code)
        self.phrase = phrase


def phrase_of(error: ProcessError) -> Phrase:
    """The phrase of the error; a mere text where it has none."""
    return error.phrase if isinstance(error, PhrasedError) else Phrase("as_told", text=str(error))


def word(kind: str, text: str) -> Phrase | str:
    """A word of a closed list, such as the trigger of an event, as a phrase; any other as it stands in the diagram."""
    code = f"{kind}_{slug(text)}"
    return Phrase(code) if TEXTS.get(code) == text else text


def to_json(phrase: Phrase) -> dict[str, Any]:
    """`{code, values}`; a value is a text, a number, another phrase, or a list of phrases."""
    return {"code": phrase.code, "values": {name: _json(value) for name, value in phrase.values}}


def _shown(value: PhraseValue) -> str | int | Phrase:
    return TEXTS["and"].join(map(str, value)) if isinstance(value, tuple) else value


def _json(value: PhraseValue) -> Any:
    if isinstance(value, tuple):
        return [to_json(each) for each in value]
    return to_json(value) if isinstance(value, Phrase) else value
