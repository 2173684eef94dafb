"""Migrations must only expand the schema."""

from pathlib import Path

import pytest

from delivery.packaging.migrations import contractions, ensure_expand_only
from devenv.instance import PROJECT
from devenv.problem import Problem

EXPANDING = """
create table a (id bigint primary key, name text not null, check (id > 0));
alter table a add column b text;
alter table a add column c integer not null default 1, add column d text check (d in ('x', 'y'));
alter table a add column e bigint generated always as identity not null;
alter table a add constraint a_b check (b <> '') not valid;
alter table a alter column b set default 'drop table a; not null';
alter table a alter column b drop not null;
create index a_b on a (b); drop index a_c;
create view v as select id from a;
comment on table a is 'rename it to b'; -- drop table a
/* truncate a; */ update a set b = 'x' where b is null;
create function f() returns trigger language plpgsql as $body$ begin drop table a; return new; end $body$;
"""


def test_migrations_that_only_expand_pass() -> None:
    assert contractions("m.sql", EXPANDING) == []


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("drop table a", "drops a table"),
        ("DROP VIEW IF EXISTS v", "drops a view"),
        ("alter table a drop column b", "drops a column"),
        ("alter table a drop b", "drops a column"),
        ("alter table a rename to b", "renames"),
        ("alter table a rename column b to c", "renames"),
        ("alter table a rename b to c", "renames"),
        ("alter table a alter column b type bigint", "changes a column's type"),
        ("alter table a alter b set data type bigint", "changes a column's type"),
        ("alter table a alter column b set not null", "forbids null in a column"),
        ("alter table a add column b text not null", "adds the required column b without a default"),
        ("alter table a add b text not null", "adds the required column b without a default"),
        ("alter table a add column b text default 'x', add column c text not null", "adds the required column c"),
        ("alter table a alter column b drop default", "drops a default"),
        ("alter table a add constraint u unique (b)", "adds a constraint"),
        ("alter table a add check (b > 0)", "adds a constraint"),
        ("truncate a", "empties a table"),
    ],
)
def test_a_contraction_is_named_with_its_line(statement: str, what: str) -> None:
    text = f"-- A comment; with a semicolon.\n\ncreate table x (id int);\n\n-- Why.\n{statement};\n"

    [found] = contractions("0007_x.sql", text)

    assert what in found.what
    assert (found.file, found.line) == ("0007_x.sql", 6)


def test_a_contraction_with_a_reason_passes_and_the_next_one_does_not() -> None:
    text = "-- contracts: nothing reads b since 0005\nalter table a drop column b;\nalter table a drop column c;\n"

    assert [found.line for found in contractions("m.sql", text)] == [3]


def test_a_reason_must_be_given() -> None:
    assert contractions("m.sql", "-- contracts:\ndrop table a;\n")


def test_the_problem_names_every_statement_and_the_fix(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("drop table a;\ndrop table b;\n")
    (tmp_path / "0002_b.sql").write_text("create table c (id int);\n")

    with pytest.raises(Problem) as raised:
        ensure_expand_only(tmp_path)

    assert "0001_a.sql line 1 drops a table; 0001_a.sql line 2 drops a table" in raised.value.sentence
    assert "-- contracts:" in raised.value.fix


def test_the_migrations_of_the_project_only_expand() -> None:
    ensure_expand_only(PROJECT / "src" / "shared" / "mtd" / "migrations")
