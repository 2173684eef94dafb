"""The command's face: what it prints for people and programs, and how it fails."""

import errno
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials as AwsCredentials

from devenv import cli
from devenv.commands.environment.doctor import pins_hold
from devenv.console.screen import console, order_table
from devenv.instance import PROJECT, Instance
from devenv.orders.mails import mail_rows
from devenv.orders.orders_client import OrdersClient, Row
from devenv.orders.seeds import order_number, wait_for_files, wait_until_ended
from devenv.state import StateFile


def test_every_command_has_a_summary_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert all(name in output for name in cli.COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ["orders"],
        ["status"],
        ["tenants"],
        ["orders", "--tenant", "andes"],
        ["mail", "--json"],
        ["order", "1"],
        ["psql"],
        ["logs"],
    ],
)
def test_without_a_running_instance_one_sentence_and_the_fix(
    words: list[str], instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words, instance) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors == ["mtd: Instance 'one' does not run.", "     Start it: MTD_INSTANCE=one make up"]


@pytest.mark.parametrize("words", [["tenants", "add"], ["tenants", "add", "andes"]])
def test_a_tenant_without_a_name_is_not_added(
    words: list[str], instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words, instance) == 2
    assert "As in: mtd tenants add andes 'Andes SpA'" in capsys.readouterr().err


def test_a_backend_without_its_engine_ends_with_code_2(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"HOME_KIND": "compose", "DOCKER_HOST": "tcp://far.example:2375"}
    assert cli.main(["up"], Instance(name="one", project=instance.project, environ=environ)) == 2
    errors = capsys.readouterr().err
    assert "No Docker engine answers: DOCKER_HOST is tcp://far.example:2375" in errors
    assert "HOME_KIND=embedded" in errors


def test_a_corrupt_state_is_one_sentence(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    instance.folder.mkdir(parents=True)
    (instance.folder / "state.json").write_text("{")
    assert cli.main(["up"], instance) == 1
    assert "corrupt" in capsys.readouterr().err


def test_down_sets_a_corrupt_state_aside(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    instance.folder.mkdir(parents=True)
    (instance.folder / "state.json").write_text("{")
    assert cli.main(["down"], instance) == 0
    assert not (instance.folder / "state.json").exists()
    assert (instance.folder / "state.corrupt.json").exists()
    assert "did not run" in capsys.readouterr().out


def test_a_full_disk_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    class Full(Instance):
        @property
        def base(self) -> Path:
            raise OSError(errno.ENOSPC, "No space left on device", "/full")

    assert cli.main(["status"], Full(name="one", project=Path("/"), environ={})) == 1
    assert capsys.readouterr().err.startswith("mtd: The disk is full (/full).")


def test_markup_in_the_fields_of_an_order_is_printed_as_text() -> None:
    row = {"number": "[red]1[/]\x1b[2J", "seller": "<b>", "state": "exception", "total": "1", "currency": "EUR"}
    column = next(iter(order_table([row | {"reason": None}]).columns))
    cell = str(next(iter(column.cells)))
    assert cell.startswith("[red]1[/]")
    assert "\x1b" not in cell


def test_the_name_of_a_secret_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Rich replaces `:secret:` by an emoji, unless it is told not to."""
    console().print("arn:aws:secretsmanager:us-west-2:000000000000:secret:mtd/local/database")
    assert ":secret:mtd" in capsys.readouterr().out


def test_a_mail_is_joined_with_its_order() -> None:
    message = {
        "Subject": "Your order CL 2026/1 is being processed",
        "Body": {"text_part": "Hello"},
        "Destination": {"ToAddresses": ["a@b.example", "c@d.example"]},
        "Timestamp": "2026-11-23T10:00:00",
    }
    assert mail_rows(message) == [
        {"to": to, "subject": message["Subject"], "order": "CL 2026/1", "sent_at": "2026-11-23T10:00:00.000+00:00"}
        for to in ("a@b.example", "c@d.example")
    ]


def test_a_mail_of_no_order_is_listed_too() -> None:
    message = {"Subject": "Alarm", "Destination": {"ToAddresses": ["a@b.example"]}, "Timestamp": "2026-11-23T10:00:00"}
    assert mail_rows(message)[0]["order"] is None


def test_an_orders_number_is_read_from_ubl(tmp_path: Path) -> None:
    space = "urn:oasis:names:specification:ubl:schema:xsd:"
    order = tmp_path / "order.xml"
    order.write_text(
        f'<Order xmlns="{space}Order-2" xmlns:c="{space}CommonBasicComponents-2"><c:ID> A-1 </c:ID></Order>'
    )
    (tmp_path / "broken.xml").write_text("<Order")
    assert order_number(order) == "A-1"
    assert order_number(tmp_path / "broken.xml") is None


class FakeApi(OrdersClient):
    """Each answer to GET /orders is the next page list; the last stays."""

    def __init__(self, answers: list[list[Row]]) -> None:
        super().__init__("http://nowhere", AwsCredentials("a", "b"), "us-west-2")
        self._answers = answers

    def orders(self, *, state: str | None = None, most: int | None = None) -> list[Row]:
        del state, most
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def _row(number: str, state: str, *, ended: bool) -> Row:
    return {"number": number, "state": state, "ended": ended}


def test_waiting_ends_when_each_order_ended_or_rests() -> None:
    api = FakeApi(
        [
            [],
            [_row("1", "allocation", ended=False)],
            [_row("1", "completed", ended=True), _row("2", "waiting", ended=False), _row("9", "x", ended=False)],
        ]
    )
    counts: list[int] = []
    rows, missing = wait_until_ended(api, {"1", "2"}, seconds=20, tell=counts.append)
    assert missing == set()
    assert {row["number"] for row in rows} == {"1", "2"}
    assert counts == [0, 0, 2]


def test_waiting_returns_the_orders_that_did_not_end_in_time() -> None:
    api = FakeApi([[_row("1", "allocation", ended=False)]])
    rows, missing = wait_until_ended(api, {"1", "2"}, seconds=0)
    assert missing == {"1", "2"}
    assert len(rows) == 1


PUT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def _received(row: Row, minutes: int) -> Row:
    return row | {"received_at": (PUT + timedelta(minutes=minutes)).isoformat()}


def test_each_file_is_waited_for_until_its_order_rests_or_it_is_rejected() -> None:
    good, bad = "s3://inbox/orders/a.xml", "s3://inbox/orders/b.xml"
    before = _received(_row(bad, "rejected", ended=True), -1)
    api = FakeApi(
        [
            [before],
            [_received(_row("A", "allocation", ended=False), 0), before],
            [_received(_row("A", "exception", ended=True), 0), _received(_row(bad, "rejected", ended=True), 1)],
        ]
    )
    found = wait_for_files(api, {good: "A", bad: None}, PUT, seconds=20)
    assert [row and row["state"] for row in found.values()] == ["exception", "rejected"]


def test_a_file_whose_order_is_rejected_by_a_rule_is_not_waited_for_by_its_number() -> None:
    address = "s3://inbox/orders/a.xml"
    api = FakeApi([[_received(_row(address, "rejected", ended=True), 1)]])
    [row] = wait_for_files(api, {address: "A"}, PUT, seconds=0).values()
    assert row is not None
    assert row["state"] == "rejected"


def test_a_file_that_came_to_no_rest_has_no_row() -> None:
    api = FakeApi([[_received(_row("A", "allocation", ended=False), 0)]])
    assert wait_for_files(api, {"s3://inbox/a.xml": "A"}, PUT, seconds=0) == {"s3://inbox/a.xml": None}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["orders", "--limit", "-3"], "-3 is below 1"),
        (["orders", "--limit", "x"], "'x' is not a whole number"),
        (["order", ""], "it is empty"),
        (["note", "A-1", " "], "it is empty"),
        (["operate", "retry", "A-1", "--rate", "0"], "0 is not above 0"),
        (["operate", "retry", "A-1", "--rate", "nan"], "nan is not above 0"),
        (["operate", "retry", "A-1", "--rate", "1,5"], "'1,5' is not a number"),
        (["operate", "retry", "A-1", "--canary", "0"], "0 is below 1"),
    ],
)
def test_a_wrong_argument_is_a_usage_error(words: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


class PagedApi(OrdersClient):
    """Answers GET /orders from a list, `size` at a time."""

    def __init__(self, rows: list[Row], size: int) -> None:
        super().__init__("http://nowhere", AwsCredentials("a", "b"), "us-west-2")
        self._rows = rows
        self._size = size
        self.asked: list[dict[str, str | None]] = []

    def call(
        self,
        method: str,
        path: str,
        query: dict[str, str | None] | None = None,
        *,
        body: Any = None,
        missing_is_none: bool = False,
        seconds: float = 35.0,
    ) -> Any:
        del method, path, body, missing_is_none, seconds
        assert query is not None
        self.asked.append(query)
        start = int(query["after"] or 0)
        following = start + self._size
        more = str(following) if following < len(self._rows) else None
        return {"orders": self._rows[start:following], "next": more}


def test_all_pages_are_read() -> None:
    api = PagedApi([{"number": str(number)} for number in range(7)], 3)
    assert [row["number"] for row in api.orders(state="waiting")] == list("0123456")
    assert [query["after"] for query in api.asked] == [None, "3", "6"]
    assert api.asked[0]["state"] == "waiting"


def test_no_more_pages_are_read_than_needed() -> None:
    api = PagedApi([{"number": str(number)} for number in range(7)], 3)
    assert len(api.orders(most=2)) == 2
    assert len(api.asked) == 1


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    from devenv.console.screen import print_json

    print_json([{"name": "Ñandú"}])
    out = capsys.readouterr().out
    assert json.loads(out) == [{"name": "Ñandú"}]
    assert "Ñandú" in out


def test_pins_are_held_against_what_is_installed() -> None:
    lock = "# made\nrich==15.0.0 \\\n    --hash=sha256:0\npsutil==7.0.0 \\\nwinonly==1.0 ; sys_platform == 'win32' \\\n"

    assert pins_hold(lock, {"rich": "15.0.0", "psutil": "7.0.0"}.get) == (
        True,
        "2 packages as requirements.txt has them",
    )
    assert pins_hold(lock, {"rich": "14.0.0"}.get) == (
        False,
        "rich 14.0.0, not 15.0.0; psutil missing, not 7.0.0: "
        "'rm .venv/.installed && make venv' installs the locked versions",
    )


def test_the_doctor_names_the_fix_of_each_trouble(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"HOME_KIND": "compose", "DOCKER_HOST": "tcp://far.example:2375", "AWS_SECRET_ACCESS_KEY": "x"}
    troubled = Instance(name="one", project=PROJECT, environ=environ | {"MTD_HOME": str(instance.base)})

    assert cli.main(["doctor", "--json"], troubled) == 1

    findings = {row["check"]: (row["ok"], row["told"]) for row in json.loads(capsys.readouterr().out)}
    assert findings["pins"][0] is True
    assert not findings["Docker"][0]
    assert "make up HOME_KIND=embedded" in findings["Docker"][1]
    assert not findings["tokens"][0]
    assert "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY" in findings["tokens"][1]
    assert not findings["environments"][0]
    assert "run 'make up'" in findings["environments"][1]


def test_the_doctor_knows_the_ports_of_an_instance(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    ours = Instance(name="one", project=PROJECT, environ={"MTD_HOME": str(instance.base)})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        StateFile(ours).merge(home="embedded", ports={"localstack": port, "portal": 1, "debugger": 2})
        cli.main(["doctor", "--json"], ours)

    findings = {row["check"]: (row["ok"], row["told"]) for row in json.loads(capsys.readouterr().out)}
    assert not findings["ports"][0]
    assert f"localstack's {port} by" in findings["ports"][1]
