"""The functions that a saved file touches."""

from pathlib import Path

import pytest

from devenv.watch.import_graph import ImportGraph
from devenv.watch.reloading import Reloading
from devenv.watch.saved_files import affects_the_system

_FILES = {
    "src/lambdas/a/handler.py": "from mtd.usecases.one import run\n",
    "src/lambdas/b/handler.py": "import mtd.usecases.two\n",
    "src/lambdas/c/handler.py": "def handler(e, c):\n    from mtd.domain.orders import money\n",
    "src/shared/mtd/__init__.py": "",
    "src/shared/mtd/usecases/__init__.py": "",
    "src/shared/mtd/usecases/one.py": "from mtd.domain.orders.money import Money\n",
    "src/shared/mtd/usecases/two.py": "from ..sql import load\n",
    "src/shared/mtd/domain/__init__.py": "",
    "src/shared/mtd/domain/orders/__init__.py": "",
    "src/shared/mtd/domain/orders/money.py": "class Money: ...\n",
    "src/shared/mtd/sql.py": "",
    "src/shared/mtd/usecases/two.sql": "select 1",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in _FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def graph(project: Path) -> ImportGraph:
    made = ImportGraph(project / "src/lambdas", project / "src/shared")
    made.refresh()
    return made


@pytest.mark.parametrize(
    ("file", "functions"),
    [
        ("src/lambdas/a/handler.py", {"a"}),
        ("src/shared/mtd/usecases/one.py", {"a"}),
        ("src/shared/mtd/usecases/two.py", {"b"}),
        ("src/shared/mtd/domain/orders/money.py", {"a", "c"}),
        ("src/shared/mtd/usecases/__init__.py", {"a", "b"}),
        ("src/shared/mtd/__init__.py", {"a", "b", "c"}),
        ("src/shared/mtd/sql.py", {"b"}),
        ("src/shared/mtd/usecases/two.sql", {"a", "b"}),
        ("src/shared/mtd/data.json", {"a", "b", "c"}),
        ("README.md", set()),
    ],
)
def test_a_file_touches_the_functions_that_import_it(
    file: str, functions: set[str], project: Path, graph: ImportGraph
) -> None:
    assert graph.touched([project / file]) == functions


def test_a_batch_touches_the_functions_of_all_its_files(project: Path, graph: ImportGraph) -> None:
    one, two = project / "src/shared/mtd/usecases/one.py", project / "src/shared/mtd/usecases/two.py"
    assert graph.touched([one, two]) == {"a", "b"}
    assert graph.touched([]) == set()


def test_a_new_import_counts_at_once(project: Path, graph: ImportGraph) -> None:
    importing = project / "src/lambdas/b/handler.py"
    importing.write_text("import mtd.usecases.two\nimport mtd.domain.orders.money\n")
    assert graph.touched([importing]) == {"b"}
    assert graph.touched([project / "src/shared/mtd/domain/orders/money.py"]) == {"a", "b", "c"}


def test_an_import_taken_out_counts_at_once(project: Path, graph: ImportGraph) -> None:
    one = project / "src/shared/mtd/usecases/one.py"
    one.write_text("")
    assert graph.touched([one]) == {"a"}
    assert graph.touched([project / "src/shared/mtd/domain/orders/money.py"]) == {"c"}


def test_a_syntax_error_still_reaches_the_functions_it_breaks(project: Path, graph: ImportGraph) -> None:
    broken = project / "src/shared/mtd/usecases/one.py"
    broken.write_text("def (:\n")
    assert graph.touched([broken]) == {"a"}
    assert graph.touched([project / "src/shared/mtd/domain/orders/money.py"]) == {"a", "c"}


def test_a_removed_module_touches_the_functions_that_imported_it(project: Path, graph: ImportGraph) -> None:
    gone = project / "src/shared/mtd/domain/orders/money.py"
    gone.unlink()
    assert {"a", "c"} <= graph.touched([gone])


def test_a_module_that_was_missing_touches_its_importers_when_it_comes(project: Path) -> None:
    (project / "src/lambdas/b/handler.py").write_text("from mtd.domain.late import x\n")
    graph = ImportGraph(project / "src/lambdas", project / "src/shared")
    graph.refresh()
    late = project / "src/shared/mtd/domain/late.py"
    late.write_text("x = 1\n")
    assert graph.touched([late]) == {"b"}


def test_editors_droppings_do_not_matter() -> None:
    names = [".handler.py.swp", "handler.py~", "#handler.py#", "4913", "__pycache__/handler.cpython-313.pyc", "a.tmp"]
    assert [name for name in names if affects_the_system(Path("/x") / name)] == []
    assert affects_the_system(Path("/x/handler.py"))
    assert affects_the_system(Path("/x/orders.sql"))


def _reloading(project: Path) -> tuple[Reloading, list[list[str]], list[str], list[str]]:
    recycled: list[list[str]] = []
    deployed: list[str] = []
    lines: list[str] = []

    def redeploy() -> str:
        deployed.append("once")
        return "done"

    return Reloading(project, recycled.append, redeploy, lines.append), recycled, deployed, lines


def test_one_batch_is_one_request_for_the_touched_functions(project: Path) -> None:
    reloading, recycled, deployed, _ = _reloading(project)
    reloading.handle({project / "src/lambdas/b/handler.py", project / "src/shared/mtd/usecases/one.py"})
    assert recycled == [["mtd-local-a", "mtd-local-b"]]
    assert deployed == []


def test_a_template_is_deployed_and_recycles_nothing(project: Path) -> None:
    reloading, recycled, deployed, lines = _reloading(project)
    reloading.handle({project / "cloudformation/stacks/x.yaml"})
    assert (recycled, deployed) == ([], ["once"])
    assert "cloudformation/stacks/x.yaml" in lines[0]


@pytest.mark.parametrize(
    ("file", "is_deployed"),
    [
        ("template.yaml", True),
        ("openapi.yaml", True),
        ("statemachines/x.asl.json", True),
        ("environments/local.json", True),
        ("environments/staging.json", False),
        ("checkov/config.yaml", False),
        ("bootstrap.yaml", False),
    ],
)
def test_only_files_of_this_stack_are_deployed(project: Path, file: str, is_deployed: bool) -> None:
    reloading, _, deployed, lines = _reloading(project)
    reloading.handle({project / "cloudformation" / file})
    assert deployed == (["once"] if is_deployed else [])
    assert bool(lines) is is_deployed


def test_a_file_that_no_function_imports_is_reported_and_ignored(project: Path) -> None:
    reloading, recycled, _, lines = _reloading(project)
    lonely = project / "src/shared/mtd/domain/lonely.py"
    lonely.write_text("")
    reloading.handle({lonely})
    assert recycled == []
    assert "touches no function" in lines[0]
