"""An incident keeps the request that failed."""

from mtd.adapters.legacy.http import shown


def test_a_body_is_shown_as_what_it_is_and_a_long_one_cut() -> None:
    assert shown(b'{"order": "N-1"}') == {"order": "N-1"}
    assert shown(b"<DTE/>") == "<DTE/>"
    assert shown(None) is None
    assert len(shown(b"x" * 100_000)) == 20_001
