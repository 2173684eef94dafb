"""Templates, loops, zips and what packaging makes of local paths."""

import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from delivery.packaging.artifacts import content_hash, files_of, write_zip
from delivery.packaging.layer import Layer
from delivery.packaging.loops import written_out
from delivery.packaging.packaging import Packaged, PackagingPlan, package
from delivery.packaging.parameters import collect, defaults
from delivery.packaging.template import load
from devenv.problem import Problem


def test_short_forms_become_long_forms_and_dates_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "V: 2010-09-09\nA: !Ref X\nB: !GetAtt Q.Outputs.Url\nC: !Sub ['${a}', {a: !Ref X}]\nD: !If [Prod, 1, 2]\n"
        "E: !Condition Prod\n"
    )
    assert load(path) == {
        "V": "2010-09-09",
        "A": {"Ref": "X"},
        "B": {"Fn::GetAtt": ["Q", "Outputs.Url"]},
        "C": {"Fn::Sub": ["${a}", {"a": {"Ref": "X"}}]},
        "D": {"Fn::If": ["Prod", 1, 2]},
        "E": {"Condition": "Prod"},
    }


def test_broken_yaml_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("A: [1\nB: 2\n")
    with pytest.raises(Problem, match="line 2"):
        load(path)


def test_a_loop_is_written_out_with_its_other_variables_intact() -> None:
    body = {"${F}Role": {"Name": {"Fn::Sub": "${Env}-${F}"}, "Ref": {"Ref": "F"}, "Other": {"Ref": "Env"}}}
    assert written_out({"Resources": {"Fn::ForEach::L": ["F", ["A", "B"], body], "Z": 1}}) == {
        "Resources": {
            "ARole": {"Name": {"Fn::Sub": "${Env}-A"}, "Ref": "A", "Other": {"Ref": "Env"}},
            "BRole": {"Name": {"Fn::Sub": "${Env}-B"}, "Ref": "B", "Other": {"Ref": "Env"}},
            "Z": 1,
        }
    }


def test_a_loop_in_a_loop_sees_both_variables() -> None:
    inner = {"Fn::ForEach::I": ["B", ["1", "2"], {"${A}${B}": "${A}/${B}"}]}
    assert written_out({"Fn::ForEach::O": ["A", ["x"], inner]}) == {"x1": "x/1", "x2": "x/2"}


def test_a_logical_id_takes_letters_and_digits_of_a_value_alone() -> None:
    loop = ["S", ["ecr.api", "sqs"], {"&{S}Endpoint": "com.${S}"}]
    assert written_out({"Fn::ForEach::L": loop}) == {"ecrapiEndpoint": "com.ecr.api", "sqsEndpoint": "com.sqs"}


def test_a_loop_over_a_parameter_is_left_to_cloudformation() -> None:
    loop = {"Fn::ForEach::L": ["F", {"Ref": "List"}, {"${F}": 1}]}
    assert written_out(loop) == loop


def test_a_broken_loop_is_reported() -> None:
    with pytest.raises(Problem, match="ForEach"):
        written_out({"Fn::ForEach::L": ["F", "A"]})


def test_the_same_content_is_the_same_zip(tmp_path: Path) -> None:
    for name, when in (("a", 1_000_000_000), ("b", 1_500_000_000)):
        folder = tmp_path / name
        (folder / "__pycache__").mkdir(parents=True)
        (folder / "__pycache__" / "x.pyc").write_bytes(os.urandom(8))
        (folder / "handler.py").write_text("x = 1\n")
        os.utime(folder / "handler.py", (when, when))
        write_zip(tmp_path / f"{name}.zip", files_of(folder))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == ["handler.py"]
    (tmp_path / "b" / "handler.py").write_text("x = 2\n")
    assert content_hash(files_of(tmp_path / "a")) != content_hash(files_of(tmp_path / "b"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A root template, a nested one with every kind of local path, an API and a state machine."""
    files = {
        "cloudformation/template.yaml": """
Parameters: {Environment: {Type: String}, Sender: {Type: String, Default: a@b.example}, SecretArn: {Type: String}}
Resources:
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: stacks/nested.yaml}}
""",
        "cloudformation/stacks/nested.yaml": """
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ../../src/lambdas/f, Handler: handler.handler}}
  P: {Type: AWS::Lambda::Function, Properties: {Code: ../../src/lambdas/f}}
  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ../../src/shared}}
  M: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: ../m.asl.json}}
  A:
    Type: AWS::Serverless::Api
    Properties: {DefinitionBody: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: ../openapi.yaml}}}}
""",
        "cloudformation/openapi.yaml": "openapi: 3.0.1\nuri: !Sub '${F.Arn}'\n",
        "cloudformation/m.asl.json": '{"StartAt": "A"}',
        "cloudformation/environments/local.json": '[{"ParameterKey": "Environment", "ParameterValue": "local"}]',
        "src/lambdas/f/handler.py": "def handler(e, c): return 1\n",
        "src/shared/mtd/__init__.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def _package(project: Path, *, hot: bool, content: str = "c1") -> Packaged:
    archive = project / "layer.zip"
    archive.write_bytes(b"zip")
    plan = PackagingPlan(
        bucket="b",
        url=lambda key: f"https://b/{key}",
        build_folder=project / "build",
        layer=lambda _: Layer(zip=archive, content=content, third_party="t1"),
        hot=hot,
    )
    return package(project / "cloudformation" / "template.yaml", plan)


def _nested(packaged: Packaged) -> dict[str, Any]:
    url = json.loads(packaged.body)["Resources"]["Nested"]["Properties"]["TemplateURL"]
    resources: dict[str, Any] = json.loads(packaged.uploads[url.removeprefix("https://b/")].read_text())["Resources"]
    return resources


def test_for_aws_every_local_path_is_in_the_bucket(project: Path) -> None:
    packaged = _package(project, hot=False)
    nested = _nested(packaged)
    code = nested["F"]["Properties"]["CodeUri"]
    assert code["Bucket"] == "b"
    assert zipfile.ZipFile(packaged.uploads[code["Key"]]).namelist() == ["handler.py"]
    assert nested["P"]["Properties"]["Code"] == {"S3Bucket": "b", "S3Key": code["Key"]}
    assert nested["L"]["Properties"]["ContentUri"] == {"Bucket": "b", "Key": "layers/c1.zip"}
    machine = nested["M"]["Properties"]["DefinitionUri"]["Key"]
    assert json.loads(packaged.uploads[machine].read_text()) == {"StartAt": "A"}
    location = nested["A"]["Properties"]["DefinitionBody"]["Fn::Transform"]["Parameters"]["Location"]
    api = packaged.uploads[location.removeprefix("s3://b/")].read_text()
    assert json.loads(api)["uri"] == {"Fn::Sub": "${F.Arn}"}


def test_an_api_and_its_schemas_are_one_document_in_the_bucket(project: Path) -> None:
    folder = project / "cloudformation"
    (folder / "openapi.yaml").write_text("paths: {/a: {$ref: 's.yaml#/Batch'}, /b: {$ref: 's.yaml#/One'}}\n")
    (folder / "s.yaml").write_text("Batch: {items: {$ref: '#/One'}}\nOne: {type: object}\nNever: {type: string}\n")
    packaged = _package(project, hot=False)
    location = _nested(packaged)["A"]["Properties"]["DefinitionBody"]["Fn::Transform"]["Parameters"]["Location"]
    assert json.loads(packaged.uploads[location.removeprefix("s3://b/")].read_text()) == {
        "paths": {"/a": {"$ref": "#/components/schemas/Batch"}, "/b": {"$ref": "#/components/schemas/One"}},
        "components": {
            "schemas": {"Batch": {"items": {"$ref": "#/components/schemas/One"}}, "One": {"type": "object"}},
        },
    }


@pytest.mark.parametrize("reference", ["schemas.yaml#/Missing", "missing.yaml#/One", "#/Missing"])
def test_a_schema_that_does_not_exist_is_reported(reference: str, project: Path) -> None:
    (project / "cloudformation/openapi.yaml").write_text(f"paths: {{/a: {{$ref: '{reference}'}}}}\n")
    (project / "cloudformation/schemas.yaml").write_text("One: {type: object}\n")
    with pytest.raises(Problem, match=reference):
        _package(project, hot=True)


def test_hot_functions_name_their_folder(project: Path) -> None:
    folder = str((project / "src/lambdas/f").resolve())
    nested = _nested(_package(project, hot=True))
    assert nested["F"]["Properties"]["CodeUri"] == {"Bucket": "hot-reload", "Key": folder}
    assert nested["P"]["Properties"]["Code"] == {"S3Bucket": "hot-reload", "S3Key": folder}
    assert nested["L"]["Properties"]["ContentUri"]["Key"] == "layers/t1.zip"


def test_an_edit_changes_the_package_for_aws_and_not_a_hot_one(project: Path) -> None:
    hot, cold = (_package(project, hot=hot).fingerprint for hot in (True, False))
    (project / "src/lambdas/f/handler.py").write_text("changed = 1\n")
    assert _package(project, hot=True, content="c2").fingerprint == hot
    assert _package(project, hot=False, content="c2").fingerprint != cold


def test_a_changed_nested_file_changes_the_fingerprint_and_a_comment_does_not(project: Path) -> None:
    before = _package(project, hot=True).fingerprint
    path = project / "cloudformation/stacks/nested.yaml"
    path.write_text(path.read_text() + "# a comment\n")
    assert _package(project, hot=True).fingerprint == before
    (project / "cloudformation/m.asl.json").write_text('{"StartAt": "B"}')
    assert _package(project, hot=True).fingerprint != before


def test_a_path_that_leads_nowhere_is_reported(project: Path) -> None:
    (project / "cloudformation/m.asl.json").unlink()
    with pytest.raises(Problem, match=r"m\.asl\.json"):
        _package(project, hot=True)


def test_parameters_come_from_file_and_run_time_if_declared(project: Path) -> None:
    assert collect(project, "local", {"SecretArn": "arn", "Undeclared": "x"}) == {
        "Environment": "local",
        "SecretArn": "arn",
    }
    assert defaults(project) == {"Sender": "a@b.example"}


def test_a_parameter_without_a_value_is_reported(project: Path) -> None:
    with pytest.raises(Problem, match="SecretArn"):
        collect(project, "local", {})


@pytest.mark.parametrize("text", ["{", "{}x", '[{"Key": 1}]', '[{"ParameterKey": "Typo", "ParameterValue": "x"}]'])
def test_a_broken_parameter_file_is_reported(text: str, project: Path) -> None:
    (project / "cloudformation/environments/local.json").write_text(text)
    with pytest.raises(Problem):
        collect(project, "local", {"SecretArn": "arn"})


def test_two_systems_that_start_at_once_make_the_same_zip(tmp_path: Path) -> None:
    """They share the folder of builds: one moved the other's unfinished file away."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.py").write_text("x" * 100_000)
    target, files = tmp_path / "builds" / "layer.zip", files_of(tmp_path / "source")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write_zip(target, files), range(40)))
    assert [path.name for path in target.parent.iterdir()] == ["layer.zip"]
    with zipfile.ZipFile(target) as made:
        assert made.read("a.py") == b"x" * 100_000
