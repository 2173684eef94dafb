"""Parses rules, a subset of CEL (https://cel.dev), to the trees that `rules` evaluates; only at import time.

`order.payable > 1000000 && !gift_card`, `order.buyer.country in ["CL", "PE"]`,
`order.lines.exists(l, l.quantity > 10)`, `has(data.approved) ? data.approved : false`.
Functions: size, has, double, string, startsWith, endsWith, contains.
"""

import re

from mtd.engine.messages.phrases import Phrase, PhrasedError
from mtd.engine.rules.evaluator import RuleTree

_LONGEST = 2_000
_DEEPEST = 40
# Each may be a level of the tree, and evaluation goes down all of them.
_MOST_OPERATORS = 150
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]]))",
    re.ASCII,
)
_WORDS: dict[str, RuleTree] = {"true": ["value", True], "false": ["value", False], "null": ["value", None]}
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
_OPERATIONS = {"||": "or", "&&": "and"}
_METHODS = {"startsWith", "endsWith", "contains"}


def parse(text: str) -> RuleTree:
    """The rule's tree. Raises ProcessError (`rule_malformed`) that says what stands where it must not."""
    if len(text) > _LONGEST:
        raise PhrasedError(Phrase("rule_too_long", length=len(text), most=_LONGEST), code="rule_malformed")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self._depth = 0
        self._operators = 0
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._wrong(Phrase("rule_not_understood", found=text[position:].strip()[:20]))
            self._tokens.append((found.lastgroup or "", found.group(found.lastgroup or 0)))
            position = found.end()

    def whole(self) -> RuleTree:
        tree = self._choice()
        if self._at < len(self._tokens):
            raise self._wrong(Phrase("rule_not_expected", found=self._peek()))
        return tree

    def _wrong(self, problem: Phrase) -> PhrasedError:
        phrase = Phrase("rule_unreadable", rule=self._text.strip()[:80], problem=problem)
        return PhrasedError(phrase, code="rule_malformed")

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str) -> None:
        if self._peek() != wanted or self._tokens[self._at][0] == "string":
            found = self._peek()
            before = Phrase("rule_missing_before", wanted=wanted, found=found)
            raise self._wrong(before if found else Phrase("rule_missing_at_end", wanted=wanted))
        self._at += 1

    def _is(self, *signs: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][0] != "string" and self._peek() in signs

    def _count(self) -> None:
        self._at += 1
        self._operators += 1
        if self._operators > _MOST_OPERATORS:
            raise self._wrong(Phrase("rule_too_many_operators", most=_MOST_OPERATORS))

    def _choice(self) -> RuleTree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(Phrase("rule_too_deep"))
        tree = self._level(0)
        if self._is("?"):
            self._at += 1
            first = self._choice()
            self._take(":")
            tree = ["if", tree, first, self._choice()]
        self._depth -= 1
        return tree

    def _level(self, level: int) -> RuleTree:
        if level == len(_LEVELS):
            return self._unary()
        tree = self._level(level + 1)
        while self._is(*_LEVELS[level]):
            sign = self._peek()
            self._count()
            tree = [_OPERATIONS.get(sign, sign), tree, self._level(level + 1)]
        return tree

    def _unary(self) -> RuleTree:
        signs: list[str] = []
        while self._is("!", "-"):
            signs.append(self._peek())
            self._count()
        tree = self._member()
        for sign in reversed(signs):
            tree = ["not" if sign == "!" else "negative", tree]
        return tree

    def _member(self) -> RuleTree:
        tree = self._primary()
        while self._is(".", "["):
            if self._is("."):
                self._count()
                name = self._name()
                tree = self._method(tree, name) if self._is("(") else ["field", tree, name]
            else:
                self._count()
                tree = ["index", tree, self._choice()]
                self._take("]")
        return tree

    def _method(self, owner: RuleTree, name: str) -> RuleTree:
        if name in ("exists", "all"):
            self._take("(")
            variable = self._name()
            self._take(",")
            condition = self._choice()
            self._take(")")
            return [name, owner, variable, condition]
        if name not in _METHODS:
            raise self._wrong(Phrase("rule_no_function", name=name))
        arguments = self._arguments(")", 1)
        return ["call", name, owner, *arguments]

    def _name(self) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
            found = self._peek()
            raise self._wrong(Phrase("rule_name_before", found=found) if found else Phrase("rule_name_at_end"))
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _arguments(self, closing: str, wanted: int | None = None) -> list[RuleTree]:
        self._at += 1
        found: list[RuleTree] = []
        while not self._is(closing):
            if found:
                self._take(",")
            found.append(self._choice())
        self._take(closing)
        if wanted is not None and len(found) != wanted:
            raise self._wrong(Phrase("rule_arguments", wanted=wanted, given=len(found)))
        return found

    def _primary(self) -> RuleTree:
        if self._at >= len(self._tokens):
            raise self._wrong(Phrase("rule_ends_too_soon" if self._tokens else "rule_empty"))
        kind, text = self._tokens[self._at]
        if kind == "number":
            self._at += 1
            return ["number", text]
        if kind == "string":
            self._at += 1
            return ["value", re.sub(r"\\(.)", r"\1", text[1:-1])]
        if self._is("("):
            self._at += 1
            tree = self._choice()
            self._take(")")
            return tree
        if self._is("["):
            return ["list", *self._arguments("]")]
        name = self._name()
        if name in _WORDS:
            return list(_WORDS[name])
        return self._function(name) if self._is("(") else ["name", name]

    def _function(self, name: str) -> RuleTree:
        if name not in ("size", "has", "double", "string"):
            raise self._wrong(Phrase("rule_no_function", name=name))
        [argument] = self._arguments(")", 1)
        if name != "has":
            return ["call", name, argument]
        if argument[0] != "field":
            raise self._wrong(Phrase("rule_has"))
        return ["has", argument[1], argument[2]]
