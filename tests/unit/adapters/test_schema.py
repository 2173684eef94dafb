"""A migration that was applied may change its comments, and nothing else."""

import pytest

from mtd.adapters.postgres.schema import refuse_edited, statements_hash
from mtd.domain.errors import ConfigurationError

SQL = "-- Why.\nalter table a\n    add column b text; -- more\n"


@pytest.mark.parametrize(
    ("text", "is_same"),
    [
        ("alter table a add column b text;", True),
        ("-- Another reason.\nalter table a add\n\ncolumn b text;", True),
        ("alter table a add column b integer;", False),
        ("alter table a add column b text; drop table c;", False),
    ],
)
def test_only_statements_count(text: str, is_same: bool) -> None:
    assert (statements_hash(text) == statements_hash(SQL)) is is_same


def test_an_edited_migration_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"0002_b\.sql was edited") as refused:
        refuse_edited({"0001_a.sql": "1", "0002_b.sql": "2"}, {"0001_a.sql": "1", "0002_b.sql": "x"})
    assert refused.value.code == "migration_edited"


@pytest.mark.parametrize("applied", [{}, {"0001_a.sql": "1"}, {"0001_a.sql": None}, {"0009_newer.sql": "9"}])
def test_new_ones_those_of_an_earlier_release_and_those_of_a_newer_one_pass(applied: dict[str, str | None]) -> None:
    refuse_edited({"0001_a.sql": "1", "0002_b.sql": "2"}, applied)
