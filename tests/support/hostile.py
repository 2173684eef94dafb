"""Hostile texts, and a search for those that a page, a spreadsheet or a mail would take for more than text."""

import csv
import io
from html.parser import HTMLParser

MARK = "hx7"
"""It is in every text, so that a page can be searched for what became of it."""

TEXTS: tuple[str, ...] = (
    f"<script>alert('{MARK}')</script>",
    f'"><img src=x onerror=alert("{MARK}")>',
    f"' onmouseover='alert(`{MARK}`)' x='",
    f"</textarea></title></style></script><svg onload=alert('{MARK}')>",
    f"javascript:alert('{MARK}')//",
    f"<!--{MARK}--><iframe srcdoc='{MARK}'></iframe>",
    f"]]>&lt;b&gt;{MARK}&amp;#x3c;",
    f"{{{{7*7}}}}{MARK}",
    f"{{% raise '{MARK}' %}}",
    f"${{7*7}}{MARK}#{{7*7}}",
    f"%(number)s%s%n{{0}}{{order}}{MARK}",
    f"'; drop table orders; --{MARK}",
    f"\\'; select pg_sleep(9); {MARK}\\",
    f'=HYPERLINK("http://evil.example/{MARK}","x")',
    f"Comercial;=2+5;{MARK}",
    f"A,@SUM(1+1)*cmd|' /C calc'!A0,{MARK}",
    f"  -2+3+cmd|{MARK}",
    f"\N{FULLWIDTH EQUALS SIGN}1+1 {MARK}",
    f"../../../etc/passwd {MARK}",
    f"C:\\CON\\..\\{MARK}.exe",
    f"{MARK} \N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\N{POP DIRECTIONAL FORMATTING}",
    f"{MARK}\N{LINE SEPARATOR}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}x",
    f"{MARK} \N{FAMILY} \U0001f9d1\u200d\U0001f680 e\u0301\u0327\u0323 \u0b95\u0bcd\u0bb7",
    f"{MARK} line one\nBcc: evil@example.cl\nline two",
    f"{MARK} \ttab",
    f"{MARK} {'W' * 180}",
)

_INERT = frozenset({"script", "style", "template"})
_ADDRESSES = frozenset({"href", "src", "action", "formaction"})
_RUNS = ("javascript:", "data:", "vbscript:")
_FORMULAS = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}")


class _Page(HTMLParser):
    """Collects what a browser would run or load, or what a template has evaluated."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._within.append(tag)
        if tag in ("iframe", "object", "embed", "base"):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            text = (value or "").strip().lower()
            if name.startswith("on"):
                self.found.append(f"<{tag} {name}>")
            if name in _ADDRESSES and MARK in text and text.startswith(_RUNS):
                self.found.append(f"<{tag} {name}={text[:60]}>")
            if MARK in name:
                self.found.append(f"<{tag} {name}>")

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if MARK in data and self._within and self._within[-1] in _INERT:
            self.found.append(f"text in <{self._within[-1]}>: {data[:60]!r}")


def findings_in_html(text: str) -> list[str]:
    """The places where a browser takes a text for more than text, or where a template has evaluated one."""
    page = _Page()
    page.feed(text)
    return page.found + [f"evaluated: {each}" for each in (f"49{MARK}", f"{MARK}49") if each in text]


def findings_in_csv(text: str) -> list[str]:
    """The cells that a spreadsheet would compute, whichever list separator its locale has."""
    return [
        f"cell {cell[:40]!r} by {separator!r}"
        for separator in ",;\t|"
        for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator)
        for cell in row
        if MARK in cell and cell.strip(' "').startswith(_FORMULAS)
    ]


def findings_in_mail(subject: str, body: str) -> list[str]:
    """A header that a text has begun, or markup in a body of plain text that says to be more."""
    return [f"subject {subject!r}"] if any(sign in subject for sign in "\r\n") or "\0" in body else []
