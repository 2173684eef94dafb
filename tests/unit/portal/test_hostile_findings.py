"""The search for hostile texts: each kind of finding."""

import pytest
from tests.support.hostile import MARK, TEXTS, findings_in_csv, findings_in_html, findings_in_mail


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{TEXTS[0]}</p>",
        f'<input value="{TEXTS[1]}">',
        f"<a title='{TEXTS[2]}'>x</a>",
        f"<title>{TEXTS[3]}</title>",
        f'<a href="{TEXTS[4]}">x</a>',
        f"<p>{TEXTS[5]}</p>",
        f"<p>49{MARK}</p>",
        f"<style>{MARK}</style>",
    ],
)
def test_a_text_that_became_markup_is_found(page: str) -> None:
    assert findings_in_html(page)


def test_escaped_texts_are_not() -> None:
    from html import escape

    assert findings_in_html("".join(f'<p title="{escape(text)}">{escape(text)}</p>' for text in TEXTS)) == []


def test_formulas_are_found_by_any_separator() -> None:
    assert findings_in_csv(f"={MARK}\r\n")
    assert findings_in_csv(f"Comercial;=2+{MARK};x\r\n")
    assert findings_in_csv(f"'={MARK},Comercial;'=2+5;{MARK}\r\n") == []


def test_a_header_that_a_text_began_is_found() -> None:
    assert findings_in_mail(f"Order {MARK}\nBcc: evil@example.cl", "")
    assert findings_in_mail(f"Order {MARK}", "Bcc: evil@example.cl") == []
