"""`make house` counts rightly in small trees, and the limits that hold in this project stay."""

from pathlib import Path

import pytest
from tests.house import measures
from tests.house.order_way import environment
from tests.house.report import FILES_IN_FOLDER, Measure, too_large

PROJECT = Path(__file__).resolve().parents[3]
# Folders that are still too large; a folder leaves this list when it is split, and none is added.
TOO_LARGE: set[str] = set()
# Likewise class names.
TWICE: set[str] = set()


def write(project: Path, **files: str) -> None:
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def test_folders_count_their_own_code_without_data_and_migrations(tmp_path: Path) -> None:
    names = ("a.py", "a.sql", "__init__.py", "notes.md", "inner/b.py", "migrations/1.sql")
    write(tmp_path, **{f"src/x/{name}": "" for name in names}, **{"tests/data/c.py": ""})

    assert measures.files_in_folders(tmp_path) == {"src/x": 2, "src/x/inner": 1}


def test_a_class_name_may_be_used_in_two_packages_but_not_twice_in_one(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{
            "src/shared/mtd/a.py": "class Order: ...",
            "src/portal/a.py": "class Order: ...\nclass Page: ...",
            "src/devenv/a.py": "class Plan: ...",
            "src/proving/b.py": "def f():\n    class Plan: ...",
        },
    )

    assert measures.class_names_twice(tmp_path) == ["Plan (devenv, delivery, proving)"]


def test_a_module_name_may_be_used_twice_where_the_folders_have_other_names(tmp_path: Path) -> None:
    names = ("adapters/flow/store.py", "adapters/tasks/store.py", "usecases/flow/store.py")
    write(tmp_path, **{f"src/shared/mtd/{name}": "" for name in names})
    assert measures.module_names_twice(tmp_path) == []

    write(tmp_path, **{"src/shared/mtd/adapters/aws/flow/store.py": ""})
    assert measures.module_names_twice(tmp_path) == ["adapters: store"]


def test_the_longest_line_of_all_templates_counts(tmp_path: Path) -> None:
    assert measures.template_line_max(tmp_path) == 0
    write(
        tmp_path, **{"src/portal/html/a.html": "12345\n1", "src/portal/html/b/c.html": "ñandúes", "src/a.html": "1" * 9}
    )
    assert measures.template_line_max(tmp_path) == 7


@pytest.mark.parametrize(("line", "count"), [("x = 1  # fmt: skip", 1), ("# fmt: off", 1), ("x = '# fmt: skip'", 0)])
def test_comments_that_keep_the_formatter_off_are_counted(line: str, count: int, tmp_path: Path) -> None:
    write(tmp_path, **{"src/a.py": line, "tests/data/a.py": line})
    assert measures.fmt_skip(tmp_path) == count


def test_rows_of_the_first_table_are_counted(tmp_path: Path) -> None:
    write(tmp_path, **{"ARCHITECTURE.md": "# A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n| x |\n|---|\n| y |\n"})
    assert measures.lookup_rows(tmp_path) == 2


def test_a_measure_holds_up_to_its_limit() -> None:
    assert Measure(title="t", value=15, limit=15).holds
    assert not Measure(title="t", value=16, limit=15).holds
    assert too_large({"a": 15, "b": 16, "c": 18}) == "c 18; b 16"


def test_every_address_of_a_counted_batch_is_a_closed_port() -> None:
    values = environment('text("API_URL") number("LEASE_SECONDS") "lower"', "f")
    assert values["API_URL"] == values["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert values["LEASE_SECONDS"] == "1"


def test_the_way_through_a_state_names_its_use_case_and_its_store() -> None:
    modules = measures.files_per_state(PROJECT)
    assert "mtd.usecases.states.redeem_gift_card" in modules
    assert any(name.startswith("mtd.adapters.postgres.") for name in modules)
    assert "mtd.domain.errors" not in modules


def test_no_further_folder_is_too_large() -> None:
    folders = measures.files_in_folders(PROJECT)
    assert {name for name, count in folders.items() if count > FILES_IN_FOLDER} <= TOO_LARGE


def test_no_further_class_shares_its_name() -> None:
    assert set(measures.class_names_twice(PROJECT)) <= TWICE


def test_no_module_shares_name_and_folder_with_another_of_its_layer() -> None:
    assert measures.module_names_twice(PROJECT) == []
