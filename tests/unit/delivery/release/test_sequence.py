"""A deployment into an account: what is done in which order, and what is taken back when it goes wrong."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.delivery.release.accounts import Account, replaced, target

from delivery.deployment.changes import Change
from delivery.packaging import builds
from delivery.packaging.builds import Build
from delivery.release import drift, record, smoke
from delivery.release.sequence import Deployment
from devenv.console.steps import Steps
from devenv.instance import Instance
from devenv.problem import Problem


@pytest.fixture
def account() -> Account:
    """Its executed change set moves traffic to version 2."""
    made = Account()
    made.after_execution = lambda: made.aliases.update({"mtd-staging-a": "2", "mtd-staging-b": "2"})
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
    assert (last.digest, last.versions) == (build.digest, {"mtd-staging-a": "2", "mtd-staging-b": "2"})


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
    assert sorted(call for call in rolled if " to " in call) == ["mtd-staging-a to 1", "mtd-staging-b to 1"]
    assert rolled[-2:] == ["UPDATE by old", "executed"]
    assert account.aliases["mtd-local-a"] == "9"


def test_a_new_process_alone_is_migrated_tried_and_recorded(account: Account, build: Build) -> None:
    url = "https://s3/artifacts/releases/old/template.json"
    record.keep(target(account), replace(build, digest="old"), template=url, parameters={}, versions={})
    account.changes = []

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

    def stands() -> None:
        account.status = "CREATE_COMPLETE"

    account.after_execution = stands
    account.update_termination_protection = lambda **_: account.calls.append("protected")  # type: ignore[attr-defined]

    _deployment(account, build).run()

    assert account.calls == [f"CREATE by {build.digest}", "executed", "migrated by live", "protected", "smoke"]


def test_a_first_deployment_that_fails_says_that_it_stays(account: Account, build: Build) -> None:
    account.status = None
    account.after_execution = lambda: setattr(account, "status", "CREATE_COMPLETE")
    account.update_termination_protection = lambda **_: None  # type: ignore[attr-defined]
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
