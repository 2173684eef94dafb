"""One digest for what is built, and nothing deployed that differs from it."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from tests.unit.delivery.release.accounts import Account, sources_in

from delivery.packaging import builds, layer
from delivery.release.code import code_of
from devenv.aws import Clients
from devenv.instance import Instance
from devenv.problem import Problem


def _instance(project: Path) -> Instance:
    return Instance(name="one", project=project, environ={})


def test_the_same_sources_are_the_same_digest_elsewhere_and_later(small_project: Path, tmp_path: Path) -> None:
    other = sources_in(tmp_path / "two")
    for path in other.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))

    assert builds.make(_instance(small_project)).digest == builds.make(_instance(other)).digest


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("cloudformation/template.yaml", "String", "Number"),
        ("cloudformation/stacks/functions.yaml", "F:", "G:"),
        ("cloudformation/environments/staging.json", '"staging"', '"other"'),
        ("src/lambdas/f/handler.py", "return 1", "return 2"),
        ("seed/processes/order.bpmn", "bpmn", "BPMN"),
        ("seed/orders/CL-2026-000001.xml", ">1<", ">2<"),
    ],
)
def test_every_source_counts(name: str, old: str, new: str, small_project: Path) -> None:
    before = builds.make(_instance(small_project)).digest
    path = small_project / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert builds.make(_instance(small_project)).digest != before


def test_a_migration_that_contracts_is_not_built(small_project: Path) -> None:
    (small_project / "src/shared/mtd/migrations/0002_b.sql").write_text("drop table a;\n")
    with pytest.raises(Problem, match=r"0002_b.sql line 1 drops a table"):
        builds.make(_instance(small_project))


def test_a_build_that_was_touched_is_refused(small_project: Path) -> None:
    build = builds.make(_instance(small_project))
    zipped = build.folder / code_of(build).functions["migrate_database"]
    zipped.write_bytes(zipped.read_bytes() + b" ")
    with pytest.raises(Problem, match="was changed after it was built: functions/"):
        builds.find(_instance(small_project), build.digest)


def test_a_manifest_that_was_touched_is_refused(small_project: Path) -> None:
    build = builds.make(_instance(small_project))
    path = build.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["files"]["template.json"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(Problem, match=r"manifest\.json differs"):
        builds.find(_instance(small_project), "only")


def test_a_build_is_found_by_its_beginning_or_as_the_only_one(small_project: Path) -> None:
    instance = _instance(small_project)
    build = builds.make(instance)
    assert builds.find(instance, build.digest[:8]).digest == builds.find(instance, "only").digest == build.digest
    with pytest.raises(Problem, match="No build"):
        builds.find(instance, "ffff")
    shutil.copytree(build.folder, build.folder.with_name("f" * 64))
    with pytest.raises(Problem, match="More than one build"):
        builds.find(instance, "only")


def test_without_any_build_it_is_told(small_project: Path) -> None:
    with pytest.raises(Problem, match="No build") as raised:
        builds.find(_instance(small_project), "only")
    assert "make build" in raised.value.fix


def test_only_the_places_differ_between_environments(small_project: Path) -> None:
    build = builds.make(_instance(small_project))
    account = Account()
    urls = [builds.put(build, cast(Clients, account), bucket, "https://s3") for bucket in ("one", "two")]

    assert urls == [f"https://s3/{bucket}/releases/{build.digest}/template.json" for bucket in ("one", "two")]
    root = json.loads(account.objects[urls[0].removeprefix("https://s3/")])
    nested = str(root["Resources"]["Functions"]["Properties"]["TemplateURL"])
    code = json.loads(account.objects[nested.removeprefix("https://s3/")])["Resources"]["F"]["Properties"]["CodeUri"]
    assert code["Bucket"] == "one"
    assert f"one/{code['Key']}" in account.objects
    for name in build.files:
        key = name if name.split("/")[0] in {"templates", "functions", "layers"} else f"releases/{build.digest}/{name}"
        one, two = account.objects[f"one/{key}"], account.objects[f"two/{key}"]
        assert one.replace(b'"one"', b'"two"').replace(b"s3/one/", b"s3/two/") == two, name


def test_an_environment_that_the_build_does_not_know_is_told(small_project: Path) -> None:
    with pytest.raises(Problem, match="no environment production"):
        builds.make(_instance(small_project)).parameters("production")


@pytest.mark.parametrize(
    ("name", "old", "new", "other"),
    [
        ("src/lambdas/f/handler.py", "return 1", "return 2", True),
        ("cloudformation/stacks/functions.yaml", "F:", "G:", True),
        ("seed/processes/order.bpmn", "bpmn", "BPMN", False),
        ("seed/orders/CL-2026-000001.xml", ">1<", ">2<", False),
    ],
)
def test_a_release_is_named_by_what_functions_are_made_of(
    name: str, old: str, new: str, other: bool, small_project: Path
) -> None:
    before = builds.release_of(builds.make(_instance(small_project)), {"LeaseSeconds": "60"})
    path = small_project / name
    path.write_text(path.read_text().replace(old, new))
    assert (builds.release_of(builds.make(_instance(small_project)), {"LeaseSeconds": "60"}) != before) is other


def test_another_layer_or_parameter_is_another_release(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = builds.make(_instance(small_project))
    release = builds.release_of(build, {"LeaseSeconds": "60", "Release": "none"})
    assert release == builds.release_of(build, {"Release": "before", "LeaseSeconds": "60"})
    assert release != builds.release_of(build, {"LeaseSeconds": "5"})
    standing = layer.build(small_project, _instance(small_project).build, layer.LayerPlatform.aws())
    monkeypatch.setattr(layer, "build", lambda *_: replace(standing, content="c2"))
    assert release != builds.release_of(builds.make(_instance(small_project)), {"LeaseSeconds": "60"})
