"""Bill of materials, licences, vulnerabilities: nothing locked is left out, nothing unasked counts as sound."""

import json
from pathlib import Path

import pytest

from delivery.supply.licences import EXCEPTIONS, is_allowed, licence_of, licences
from delivery.supply.locks import LOCKS, LockedPackage, read_lock
from delivery.supply.sbom import bill
from delivery.supply.vulnerabilities import read_npm_audit, read_pip_audit
from devenv.instance import PROJECT
from devenv.problem import Problem


def test_no_lock_file_is_left_out() -> None:
    ignored = {".venv", ".mtd", "build", "node_modules"}
    found = {
        str(path.relative_to(PROJECT))
        for name in ("requirements.txt", "package-lock.json")
        for path in PROJECT.rglob(name)
        if not ignored & set(path.relative_to(PROJECT).parts)
    }
    assert found == set(LOCKS)


def test_the_bill_has_every_locked_package_once_with_its_hashes() -> None:
    made = bill(PROJECT, "1")

    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    purls = [each["purl"] for each in made["components"]]
    assert len(purls) == len(set(purls))
    assert set(purls) == {locked.purl for lock in LOCKS for locked in read_lock(PROJECT / lock)}
    assert set(made["dependencies"][0]["dependsOn"]) == set(purls)
    assert all(each["hashes"] for each in made["components"])
    scopes = {each["name"]: each["scope"] for each in made["components"]}
    assert (scopes["psycopg"], scopes["htmx.org"], scopes["pytest"]) == ("required", "required", "excluded")
    assert bill(PROJECT, "1") == made


def test_purls_of_scoped_packages_are_escaped() -> None:
    scoped = LockedPackage(ecosystem="npm", name="@fontsource/x", version="1", hashes=())

    assert scoped.purl == "pkg:npm/%40fontsource/x@1"


@pytest.mark.parametrize("text", ["", "requests==1.0\n", "# nothing\n"])
def test_a_lock_without_hashes_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    with pytest.raises(Problem):
        read_lock(tmp_path / "requirements.txt")


def test_every_licence_is_allowed_or_argued() -> None:
    found = licences(PROJECT)

    assert [f"{each.locked.name}: {each.licence}" for each in found if each.why is None] == []
    assert {each.locked.name for each in found if each.why} <= set(EXCEPTIONS)
    # All that is delivered is installed where this runs, so that its licence is known.
    shipped = {locked.name for lock in list(LOCKS)[:3] for locked in read_lock(PROJECT / lock)}
    assert shipped <= {each.locked.name for each in found}


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND PSF-2.0", True),
        ("MIT AND GPL-2.0-only", False),
        ("(MIT OR GPL-3.0) AND MIT", False),
        ("(MIT OR ISC) AND MIT", True),
        ("GPL-3.0-only", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_expressions(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


def test_a_package_that_is_not_installed_has_no_known_licence() -> None:
    assert licence_of(LockedPackage(ecosystem="pypi", name="no-such-package-of-ours", version="1", hashes=())) is None
    assert licence_of(LockedPackage(ecosystem="npm", name="x", version="1", hashes=())) == "unknown"


def test_an_unchecked_package_does_not_count_as_sound() -> None:
    rows = [
        {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]},
        {"name": "b", "version": "1", "vulns": []},
        {"name": "c", "version": "1", "skip_reason": "not found"},
    ]
    found = read_pip_audit("x", 3, json.dumps({"dependencies": rows}), "")
    assert (found.asked, found.known, found.trouble) == (2, ("a 1: PYSEC-1",), "not found")
    away = read_pip_audit("x", 3, "", "ConnectionError")
    assert (away.asked, away.trouble) == (0, "ConnectionError")
    assert read_npm_audit("x", 3, '{"error": {}}', "ENOTFOUND").asked == 0
    npm = read_npm_audit("x", 3, '{"vulnerabilities": {"p": {"range": "<2", "severity": "high"}}}', "")
    assert (npm.asked, npm.known) == (3, ("p <2: high",))
