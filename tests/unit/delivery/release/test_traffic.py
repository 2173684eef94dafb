"""The serving versions, the alarms, and the differences that the proof finds."""

from dataclasses import replace

from tests.unit.delivery.release.accounts import Account, target

from delivery.release import traffic
from delivery.release.proof import _compare


def test_only_the_environments_own_functions_are_told_and_moved() -> None:
    account = Account()
    ours = {f"mtd-staging-{name}": "1" for name in ("a", "b", "migrate_database")}
    assert traffic.serving(target(account)) == ours

    traffic.shift(target(account), {"mtd-staging-a": "2"})
    moved = traffic.back(target(account), {"mtd-staging-a": "1", "mtd-staging-b": "1", "mtd-staging-gone": "1"})

    assert moved == ["mtd-staging-a"]
    assert account.calls == ["mtd-staging-a to 2", "mtd-staging-a to 1"]


def test_alarms_of_traffic_are_watched_and_no_others() -> None:
    account = Account()
    account.alarms = [
        "mtd-staging-orders-age",
        "mtd-staging-api-5xx",
        "mtd-staging-a-errors",
        "mtd-staging-database-cpu",
    ]
    assert traffic.firing_alarms(target(account)) == ["mtd-staging-a-errors", "mtd-staging-api-5xx"]


def test_the_watch_ends_at_the_first_new_alarm_or_with_its_time() -> None:
    account = Account()
    account.alarms = ["mtd-staging-a-errors"]
    watched = replace(target(account), bake_seconds=0.05)
    looks: list[float] = []

    assert traffic.bake(watched, looks.append, but=["mtd-staging-a-errors"]) == []
    assert looks[-1] >= 0.05
    account.alarms.append("mtd-staging-b-errors")
    looks.clear()
    assert traffic.bake(watched, looks.append, but=["mtd-staging-a-errors"]) == ["mtd-staging-b-errors"]
    assert len(looks) == 1


def test_alarms_that_stay_on_are_not_waited_for_for_ever() -> None:
    account = Account()
    assert traffic.wait_until_ok(target(account), 0.01)
    account.alarms = ["mtd-staging-a-errors"]
    assert not traffic.wait_until_ok(target(account), 0.01)


def test_a_changed_a_missing_and_an_additional_file_are_differences() -> None:
    ours = {"same": b"1", "changed": b"1", "here": b"1"}
    compared = _compare("x", ours, {"same": b"1", "changed": b"2", "there": b"1"})
    assert (compared.files, compared.bytes) == (3, 3)
    assert compared.differences == ["changed", "here", "there"]
