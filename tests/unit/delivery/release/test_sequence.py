"""A deployment into an account: what is done in which order, and what is taken back when it goes wrong."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.delivery.release.accounts import Account, Watched, modified, replaced, target
from tests.unit.delivery.roles import allowing

from delivery.deployment.changes import Change
from delivery.packaging import builds
from delivery.packaging.builds import Build
from delivery.release import drift, record, smoke
from delivery.release.sequence import Deployment
from devenv.console.steps import Steps
from devenv.instance import Instance
from devenv.problem import Problem

OURS = ("mtd-staging-a", "mtd-staging-b", "mtd-staging-migrate_database")


@pytest.fixture
def account() -> Account:
    """Its executed change set moves traffic to version 2."""
    made = Account()
    made.after_execution = lambda: made.aliases.update(dict.fromkeys(OURS, "2"))
    return made


@pytest.fixture
def build(small_project: Path) -> Build:
    return builds.make(Instance(name="one", project=small_project, environ={}))


def _deployment(account: Account, build: Build, *, accepted: tuple[str, ...] = (), despite: bool = False) -> Deployment:
    shown: list[Sequence[Change]] = []
    return Deployment(
        target=target(account),
        build=build,
        steps=Steps(Console(quiet=True)),
        show=shown.append,
        accepted=accepted,
        despite_alarms=despite,
    )


def test_the_migration_comes_before_traffic_and_the_smoke_after(account: Account, build: Build) -> None:
    outcome = _deployment(account, build).run()

    assert outcome == f"build {build.digest[:12]} serves staging"
    assert account.calls == [f"UPDATE by {build.digest}", "migrated by $LATEST", "executed", "smoke"]
    last = record.last(target(account))
    assert last is not None
    assert (last.digest, last.versions) == (build.digest, dict.fromkeys(OURS, "2"))


@pytest.mark.parametrize(
    ("orders", "alarms", "what"),
    [
        ([{}, {"state": "exception", "reason": "no stock", "events": []}], [], "ended as exception: no stock"),
        ([], ["mtd-staging-a-errors"], "Alarms went off while build .* served: mtd-staging-a-errors"),
    ],
)
def test_what_goes_wrong_takes_traffic_back_and_then_the_stack(
    account: Account, build: Build, orders: list[dict[str, object]], alarms: list[str], what: str
) -> None:
    before = target(account)
    record.keep(before, build, template="https://s3/artifacts/releases/old/template.json", parameters={}, versions={})
    account.orders = orders
    moved = account.after_execution

    def after() -> None:
        moved()
        account.alarms = list(alarms)
        # The alarm goes off when the old code serves again, and the second execution is the way back.
        account.after_execution = lambda: None

    account.after_execution = after
    account.alarms_end_when_traffic_moves = True

    with pytest.raises(Problem, match=what) as raised:
        _deployment(account, build).run()

    assert raised.value.code == 4
    assert raised.value.sentence.endswith("Rolled back.")
    rolled = account.calls[account.calls.index("executed") + 1 :]
    assert sorted(call for call in rolled if " to " in call) == [f"{name} to 1" for name in OURS]
    assert rolled[-2:] == ["UPDATE by old", "executed"]
    assert account.aliases["mtd-local-a"] == "9"


def test_a_new_process_alone_is_migrated_tried_and_recorded(account: Account, build: Build) -> None:
    url = "https://s3/artifacts/releases/old/template.json"
    record.keep(target(account), replace(build, digest="old"), template=url, parameters={}, versions={})
    account.changes = []
    account.parameters = target(account).parameters(build, {})

    _deployment(account, build).run()

    assert account.calls == [f"UPDATE by {build.digest}", "taken back", "migrated by $LATEST", "smoke"]
    assert _deployment(account, build).run() == f"nothing to deploy: build {build.digest[:12]} serves staging already"


def test_a_replaced_database_is_stopped_before_anything_changes(account: Account, build: Build) -> None:
    account.changes = [replaced("AWS::RDS::DBInstance")]

    with pytest.raises(Problem, match=r"X .AWS::RDS::DBInstance: replaced") as raised:
        _deployment(account, build).run()

    assert raised.value.code == 3
    assert account.calls == [f"UPDATE by {build.digest}", "taken back"]
    assert _deployment(account, build, accepted=("X",)).run().endswith("serves staging")


def test_a_review_changes_nothing(account: Account, build: Build) -> None:
    _deployment(account, build).review()
    assert account.calls == [f"UPDATE by {build.digest}", "taken back"]


def test_an_alarm_that_is_on_before_stops_unless_this_mends_it(account: Account, build: Build) -> None:
    account.alarms = ["mtd-staging-a-errors"]
    with pytest.raises(Problem, match="Before anything was changed, alarms are on: mtd-staging-a-errors"):
        _deployment(account, build).run()
    assert account.calls == []
    assert _deployment(account, build, despite=True).run().endswith("serves staging")


def test_a_queue_that_is_old_is_no_fault_of_the_new_version(account: Account, build: Build) -> None:
    account.alarms = ["mtd-staging-orders-age"]
    assert _deployment(account, build).run().endswith("serves staging")


def test_a_first_deployment_migrates_when_the_stack_stands(account: Account, build: Build) -> None:
    account.status = None

    _deployment(account, build).run()

    assert account.calls == [
        f"CREATE by {build.digest}",
        "executed",
        "migrated by live",
        f"UPDATE by {build.digest}",
        "executed",
        "protected",
        "smoke",
    ]
    assert [each["FirstDeployment"] for each in account.executed] == ["true", "false"]
    last = record.last(target(account))
    assert last is not None
    assert last.parameters["FirstDeployment"] == "false"


def test_a_first_deployment_that_fails_says_that_it_stays(account: Account, build: Build) -> None:
    account.status = None
    account.orders = [{"state": "rejected", "reason": "no UBL", "events": []}]

    with pytest.raises(Problem, match=r"ended as rejected: no UBL.*there is nothing to go back to"):
        _deployment(account, build).run()


def test_a_way_back_that_would_destroy_state_leaves_the_stack_and_says_so(account: Account, build: Build) -> None:
    account.orders = [{"state": "exception", "reason": "no stock", "events": []}]
    url = "https://s3/artifacts/releases/old/template.json"
    record.keep(target(account), build, template=url, parameters={}, versions={})
    moved = account.after_execution

    def after() -> None:
        moved()
        account.changes = [replaced("AWS::SQS::Queue")]

    account.after_execution = after

    with pytest.raises(Problem, match=r"no stock.*Traffic is back; the stack is not: .*X .AWS::SQS::Queue"):
        _deployment(account, build).run()

    assert account.aliases["mtd-staging-a"] == "1"
    assert account.calls[-1] == "taken back"


def test_a_smoke_order_that_cannot_be_put_is_told_before_anything_changes(account: Account, build: Build) -> None:
    (build.folder / "smoke" / "CL-2026-000001.xml").write_text("no XML")
    with pytest.raises(Problem, match="cannot be read as XML"):
        _deployment(account, build).run()
    assert account.calls == []


def test_a_stack_that_is_half_made_is_told(account: Account, build: Build) -> None:
    account.status = "ROLLBACK_COMPLETE"
    with pytest.raises(Problem, match="mtd-staging is ROLLBACK_COMPLETE"):
        _deployment(account, build).run()


def test_an_order_without_its_mail_is_no_success(account: Account, build: Build) -> None:
    account.orders = [{"state": "completed", "events": [{"source": "S3"}]}] * 500
    order = build.named("smoke")["CL-2026-000001"]
    with pytest.raises(Problem, match="completed, but no mail of it was sent"):
        smoke.try_one(target(account), "inbox", order, lambda: None, seconds=0.02)


def test_the_smoke_order_has_a_number_of_its_own_and_nobodys_address(tmp_path: Path) -> None:
    path = tmp_path / "order.xml"
    namespace = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
    path.write_text(f"<O xmlns='{namespace}'><ID>1</ID><ElectronicMail>a@b.cl</ElectronicMail></O>")
    text = smoke.renumbered(path, "SMOKE-1").decode()
    assert "SMOKE-1<" in text
    assert "success@simulator.amazonses.com" in text
    assert "a@b.cl" not in text
    for content in ("<O/>", "no XML"):
        path.write_text(content)
        with pytest.raises(Problem, match=r"order\.xml"):
            smoke.renumbered(path, "SMOKE-1")


def test_traffic_that_somebody_moved_is_drift(account: Account, build: Build) -> None:
    with pytest.raises(Problem, match="no build was deployed"):
        drift.found(target(account))
    _deployment(account, build).run()
    last = record.last(target(account))
    assert last is not None
    assert list(drift._traffic(target(account), last)) == []
    account.aliases["mtd-staging-b"] = "1"
    assert list(drift._traffic(target(account), last)) == ["mtd-staging-b serves version 1; 2 was deployed"]


def test_an_alias_that_serves_another_layer_is_told_and_taken_back(account: Account, build: Build) -> None:
    """aws/serverless-application-model issue 3610: with another layer alone SAM publishes no version."""
    url = "https://s3/artifacts/releases/old/template.json"
    record.keep(target(account), replace(build, digest="old"), template=url, parameters={}, versions={})
    account.stale_layers = {"mtd-staging-b"}

    with pytest.raises(Problem, match=r"mtd-staging-b serves version 2, whose layer is not the build's") as raised:
        _deployment(account, build).run()

    assert raised.value.code == 4
    assert "mtd-staging-a" not in raised.value.sentence.partition("Rolled back")[0]
    assert "smoke" not in account.calls
    last = record.last(target(account))
    assert last is not None
    assert last.digest == "old"


def test_a_first_deployment_that_broke_off_is_finished_by_the_next(account: Account, build: Build) -> None:
    """Its stack stands, not migrated: schedules stand still, and nothing is protected."""
    account.status, account.protected = "CREATE_COMPLETE", False
    account.parameters = target(account).parameters(build, {}) | {"FirstDeployment": "true"}
    _deployment(account, build).run()
    done = [f"UPDATE by {build.digest}", "migrated by $LATEST", "executed", "protected", "smoke"]
    assert account.calls == done
    assert [each["FirstDeployment"] for each in account.executed] == ["false"]


def test_a_first_portal_is_protected_once_it_stands(account: Account, build: Build) -> None:
    """A load balancer with deletion protection stops CloudFormation from taking a failed creation back."""
    digest = {"PortalDigest": "sha256:1"}
    first = replace(_deployment(account, build), target=replace(target(account), known=digest))
    first.run()
    assert [each["FirstPortal"] for each in account.executed] == ["true", "false"]
    assert [each["FirstDeployment"] for each in account.executed] == ["false", "false"]

    account.nested = ["Portal"]
    account.executed.clear()
    replace(first, target=replace(first.target, known={"PortalDigest": "sha256:2"})).run()
    assert [each["FirstPortal"] for each in account.executed] == ["false"]


def test_a_build_that_mends_an_alarm_goes_past_codedeploy_which_watches_it_too(account: Account, build: Build) -> None:
    """CodeDeploy stops a deployment at once while an alarm of its group is on (AlarmConfiguration)."""
    account.alarms = ["mtd-staging-a-errors"]
    _deployment(account, build, despite=True).run()
    assert [each.get("CodeDeploy", "true") for each in account.executed] == ["false", "true"]


def test_a_secret_made_anew_is_given_to_the_database_at_once(account: Account, build: Build) -> None:
    """AWS::SecretsManager::Secret, SecretStringTemplate: a change makes a new version, so another generated
    password."""
    account.changes = [modified("AWS::SecretsManager::Secret", "False")]
    _deployment(account, build).run()
    done = [f"UPDATE by {build.digest}", "migrated by $LATEST", "executed", "migrated by live", "smoke"]
    assert account.calls == done


def test_a_stack_that_tells_its_defaults_too_is_of_the_same_release(account: Account, build: Build) -> None:
    """DescribeStacks tells every parameter, those that nobody set as well."""
    first = target(account).parameters(build, {})
    defaults = {
        name: str(each["Default"]) for name, each in build.template()["Parameters"].items() if "Default" in each
    }
    assert set(defaults) - set(first)
    again = target(account).parameters(build, defaults | first)
    assert again["Release"] == first["Release"]
    assert target(account).parameters(build, defaults | first | {"CodeDeploy": "false"})["Release"] != first["Release"]


def test_nothing_to_deploy_is_said_of_what_serves_alone(account: Account, build: Build) -> None:
    _deployment(account, build).run()
    account.changes = []
    assert _deployment(account, build).run().startswith("nothing to deploy")
    account.stale_layers = {"mtd-staging-a"}
    with pytest.raises(Problem, match="mtd-staging-a serves version 2, whose layer is not the build's"):
        _deployment(account, build).run()


def test_the_layer_that_serves_is_not_published_again_for_the_migration(account: Account, build: Build) -> None:
    _deployment(account, build).run()
    assert "layer published" not in account.calls


def test_code_that_serves_under_the_right_version_is_drift_when_its_layer_is_another(
    account: Account, build: Build
) -> None:
    _deployment(account, build).run()
    last = record.last(target(account))
    assert last is not None
    assert list(drift._code(target(account), last)) == []
    account.stale_layers = {"mtd-staging-a"}
    [difference] = drift._code(target(account), last)
    assert difference == "mtd-staging-a serves version 2, whose layer is not the build's"


def test_the_deploying_role_may_call_what_a_deployment_calls(build: Build) -> None:
    watched = Watched()
    watched.status = None
    watched.after_execution = lambda: watched.aliases.update(dict.fromkeys(OURS, "2"))
    _deployment(watched, build).run()
    watched.orders = [{"state": "exception", "reason": "no stock", "events": []}]
    with pytest.raises(Problem, match="no stock"):
        _deployment(watched, build).run()
    assert {"s3:PutObject", "lambda:UpdateFunctionCode", "lambda:InvokeFunction"} <= watched.actions
    assert [action for action in sorted(watched.actions) if not allowing("DeployRole", action)] == []


def test_the_reviewing_role_may_call_what_review_and_drift_call(build: Build) -> None:
    watched = Watched()
    _deployment(watched, build).run()
    watched.actions.clear()
    _deployment(watched, build).review()
    assert drift.found(target(watched)) == []
    assert {"s3:PutObject", "cloudformation:DetectStackDrift", "lambda:GetLayerVersion"} <= watched.actions
    assert [action for action in sorted(watched.actions) if not allowing("ReviewRole", action)] == []


def test_drift_passes_over_secrets_whose_values_the_role_cannot_read(account: Account, build: Build) -> None:
    """The read handler of AWS::SecretsManager::Secret calls secretsmanager:GetSecretValue (its resource schema)."""
    account.nested, account.secrets = ["Network"], ["FunctionsSecret"]
    _deployment(account, build).run()
    assert drift.found(target(account)) == []
    assert account.detected == {"mtd-staging": ["Network"], "Network": []}


def test_a_review_overwrites_nothing_and_tells_what_is_not_the_builds(account: Account, build: Build) -> None:
    _deployment(account, build).run()
    _deployment(account, build).review()
    [template] = [key for key in account.objects if key.startswith("artifacts/templates/")]
    account.objects[template] = b"{}"
    with pytest.raises(Problem, match=r"templates/.*json in artifacts is not what was built"):
        _deployment(account, build).review()
    assert account.objects[template] == b"{}"
    _deployment(account, build).run()
    assert account.objects[template] != b"{}"
