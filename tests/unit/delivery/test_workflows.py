"""The workflows: actions by commit, steps that anybody can run, no keys, and no more rights than a job needs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from delivery.packaging.template import load
from devenv.instance import PROJECT

FOLDER = PROJECT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
STACKS = PROJECT / "cloudformation" / "stacks"


def _jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in FILES:
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items():
            yield path.name, name, job


def test_there_are_the_three_workflows() -> None:
    assert [path.name for path in FILES] == ["ci.yml", "deploy.yml", "drift.yml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_and_names_its_version(path: Any) -> None:
    used = [line.partition("uses:")[2].strip() for line in path.read_text("utf-8").splitlines() if "uses:" in line]
    assert used
    assert [each for each in used if not PINNED.fullmatch(each)] == []


def test_an_action_has_one_commit_in_all_workflows() -> None:
    used = set(re.findall(r"uses: (\S+)@(\S+)", "\n".join(path.read_text("utf-8") for path in FILES)))
    assert len(used) == len({action for action, _ in used})


def test_every_step_is_a_make_target_that_there_is() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for file, name, job in _jobs():
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step), (file, name, step)
            if "run" in step:
                make, target, *rest = step["run"].replace("${{ matrix.target }}", "lint").split()
                assert make == "make", (file, name)
                assert target in targets, (file, name)
                assert all(re.fullmatch(r"[A-Z_]+=\S*|\$\{\{|matrix\.\w+|\}\}", word) for word in rest), (file, name)
        for target in job.get("strategy", {}).get("matrix", {}).get("target", []):
            assert target in targets


def test_nothing_that_a_person_types_reaches_a_shell() -> None:
    for file, name, job in _jobs():
        for step in job["steps"]:
            assert not re.search(r"\$\{\{\s*(inputs|github)\.", step.get("run", "")), (file, name)


def test_there_are_no_keys() -> None:
    for path in FILES:
        text = path.read_text("utf-8")
        assert "secrets." not in text
        assert "aws-access-key-id" not in text
    assert "role-to-assume: ${{ vars.ROLE_ARN }}" in (FOLDER / "deploy.yml").read_text("utf-8")


def test_a_job_has_the_rights_that_it_needs() -> None:
    for path in FILES:
        document = yaml.safe_load(path.read_text("utf-8"))
        assert document["permissions"] == {"contents": "read"}, path.name
        for name, job in document["jobs"].items():
            uses = " ".join(step.get("uses", "") for step in job["steps"])
            needed = {"contents": "read"}
            if "configure-aws-credentials" in uses:
                needed["id-token"] = "write"
                assert "environment" in job, (path.name, name)
            if "download-artifact" in uses:
                needed["actions"] = "read"
            assert job.get("permissions", document["permissions"]) == needed, (path.name, name)
            assert job["timeout-minutes"] <= 110


def test_production_gets_the_build_of_staging_and_both_wait_for_the_review() -> None:
    jobs = yaml.safe_load((FOLDER / "deploy.yml").read_text("utf-8"))["jobs"]
    assert (jobs["staging"]["needs"], jobs["production"]["needs"]) == ("review", "staging")
    for name in ("staging", "production"):
        assert jobs[name]["environment"] == name
        [step] = [step for step in jobs[name]["steps"] if "run" in step]
        assert step["run"] == f"make deploy ENVIRONMENT={name} BUILD=only"
    [build] = [job for file, name, job in _jobs() if (file, name) == ("ci.yml", "build")]
    assert set(build["needs"]) == {name for file, name, _ in _jobs() if file == "ci.yml"} - {"build"}


def test_the_roles_know_the_workflows_environments() -> None:
    resources = load(PROJECT / "cloudformation" / "bootstrap.yaml")["Resources"]
    for role, suffix in (("DeployRole", ""), ("ReviewRole", "-review")):
        [statement] = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        subject = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
        assert subject == {"Fn::Sub": f"repo:${{Repository}}:environment:${{Environment}}{suffix}"}


@pytest.mark.parametrize("stack", ["functions.yaml", "operation_functions.yaml"])
def test_each_functions_own_alarm_takes_its_traffic_back(stack: str) -> None:
    template = load(STACKS / stack)
    assert template["Globals"]["Function"]["DeploymentPreference"]["Type"] == {"Ref": "TrafficShift"}
    root = load(PROJECT / "cloudformation" / "template.yaml")["Parameters"]
    assert root["TrafficShift"]["Default"] == "AllAtOnce"
    for resource in template["Resources"].values():
        if resource.get("Type") == "AWS::Serverless::Function" if isinstance(resource, dict) else False:
            name = resource["Properties"]["FunctionName"]["Fn::Sub"]
            assert resource["Properties"]["DeploymentPreference"] == {"Alarms": [{"Fn::Sub": f"{name}-errors"}]}
