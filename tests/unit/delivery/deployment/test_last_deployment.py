"""A deployment that stood is kept on disk, and templates are checked against it before they are deployed."""

import shutil
from pathlib import Path

import pytest

from delivery.deployment.last_deployment import LastDeployment, deployed_templates
from delivery.deployment.template_check import check_templates, template_hashes
from devenv.problem import Problem

PROJECT = Path(__file__).parents[4]


def kept(**uploads: str) -> LastDeployment:
    return LastDeployment(
        body="{}", uploads=uploads, parameters={"A": "1"}, fingerprint="f", templates={"template.yaml": "hash"}
    )


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "layer.zip").touch()
    deployment = kept(**{"layers/1.zip": str(tmp_path / "layer.zip")})
    deployment.write(tmp_path)
    assert LastDeployment.read(tmp_path) == deployment
    assert deployment.packaged.uploads == {"layers/1.zip": tmp_path / "layer.zip"}
    assert deployed_templates(tmp_path) == {"template.yaml": "hash"}


def test_without_one_of_its_files_it_cannot_be_deployed_again(tmp_path: Path) -> None:
    kept(key=str(tmp_path / "gone")).write(tmp_path)
    assert LastDeployment.read(tmp_path) is None


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"body": 1}'])
def test_a_missing_or_broken_file_is_none(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "last-deployment.json").write_text(content)
    assert LastDeployment.read(tmp_path) is None
    assert deployed_templates(tmp_path) == {}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "cloudformation", tmp_path / "cloudformation")
    shutil.copy(PROJECT / ".cfnlintrc", tmp_path)
    return tmp_path


def test_a_typo_is_refused_with_its_file_line_and_rule(project: Path) -> None:
    deployed = template_hashes(project)
    path = project / "cloudformation/stacks/records.yaml"
    text = path.read_text()
    line = text[: text.index("!Ref ArchiveBucket")].count("\n") + 1
    path.write_text(text.replace("!Ref ArchiveBucket", "!Ref ArchiveBucketX", 1))

    with pytest.raises(Problem) as refused:
        check_templates(project, deployed)

    assert f"cloudformation/stacks/records.yaml:{line}: " in refused.value.sentence
    assert "ArchiveBucketX" in refused.value.sentence
    assert "was not touched" in refused.value.fix


def test_an_output_that_the_root_reads_and_no_stack_has_is_refused(project: Path) -> None:
    deployed = template_hashes(project)
    path = project / "cloudformation/stacks/records.yaml"
    text = path.read_text()
    path.write_text(text[: text.index("Outputs:")])
    with pytest.raises(Problem, match=r"cloudformation/template.yaml:\d+: .*ArchiveBucket"):
        check_templates(project, deployed)


def test_unchanged_templates_are_not_linted(project: Path) -> None:
    (project / "cloudformation/template.yaml").write_text("no template")
    check_templates(project, template_hashes(project))


def test_no_yaml_is_refused(project: Path) -> None:
    (project / "cloudformation/stacks/records.yaml").write_text("a: [1")
    with pytest.raises(Problem, match=r"records\.yaml"):
        check_templates(project, {})
