"""A local system as a person uses it: code and templates saved, started twice, stopped, killed, asked.

One system for the module and one worker for its tests (`--dist loadgroup`): each of them leaves it running."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from devenv.ports import can_bind
from devenv.processes.identity import ProcessIdentity
from tests.integration.backends.copied_project import PROCESSES, CopiedProject
from tests.integration.system import System, until
from tests.support.orders import OrderFile

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("home")]

_RELAY = "src/lambdas/relay_outbox/handler.py"
_SENT = "    return sent | tended\n"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, backend: str) -> Iterator[CopiedProject]:
    made = CopiedProject(tmp_path_factory.mktemp("home"), backend)
    try:
        made.mtd("up", "--no-seed")
        yield made
    finally:
        made.remove()


@pytest.fixture
def copied(started: CopiedProject) -> CopiedProject:
    """The system, started again if the test before it failed half way."""
    if not started.runs():
        started.mtd("up", "--no-seed")
    return started


@pytest.fixture
def number() -> str:
    return f"H-{uuid.uuid4().hex[:12]}"


def _put(system: System, number: str) -> None:
    system.put(OrderFile(number=number).xml(), f"{number}.xml")


def _hold_back(system: System, number: str) -> None:
    """Put an order and wait until it stands before EOM, which is out, and waits for its next try."""
    system.fault("eom", number, outage=True)
    _put(system, number)
    tries = "select attempts from tokens t join orders o using (order_id) where o.number = %s and t.node = 'allocation'"
    until(lambda: system.sql(f"{tries} and attempts > 1 and leased_until is null", number), bool)


def _rest(system: System, number: str) -> str:
    """Have an order rest in the waiting queue; the queue's URL."""
    url: str = system.state["outputs"]["WaitingQueueUrl"]
    body = json.dumps({"number": number, "seller": "76123456-0", "order": {}})
    system.aws("sqs").send_message(QueueUrl=url, MessageBody=body)
    return url


def _answers(copied: CopiedProject, key: str) -> Any:
    """Waits until the relay's answer has the key, and returns its value."""
    system = copied.system()
    return until(lambda: system.invoke("relay_outbox", {}), lambda answer: key in answer)[key]


def _kept(before: dict[str, set[int]], after: dict[str, set[int]], *touched: str) -> bool:
    """Whether the functions that were not touched have every process that they had."""
    return all(pids <= after.get(name, set()) for name, pids in before.items() if name not in touched)


def test_a_saved_handler_is_served_by_fresh_processes_of_its_function_only(copied: CopiedProject) -> None:
    system = copied.system()
    system.invoke("relay_outbox", {})
    system.get("/summary")
    before = copied.function_processes()

    with copied.saved(_RELAY, _SENT, "    import os\n    return sent | tended | {'saved': os.getpid()}\n"):
        served_by = _answers(copied, "saved")

    assert served_by not in before["relay_outbox"]
    assert before["query_orders"]
    assert _kept(before, copied.function_processes(), "relay_outbox")


def test_a_saved_shared_module_reaches_the_functions_that_import_it(copied: CopiedProject) -> None:
    system = copied.system()
    system.invoke("relay_outbox", {})
    system.get("/summary")
    before = copied.function_processes()
    module = "src/shared/mtd/usecases/flow/relay_outbox.py"

    with copied.saved(module, 'return {"unsent": unsent,', 'return {"shared": True, "unsent": unsent,'):
        _answers(copied, "shared")

    assert before["query_orders"]
    assert _kept(before, copied.function_processes(), "relay_outbox")
    until(lambda: system.invoke("relay_outbox", {}), lambda answer: "shared" not in answer)


def test_a_syntax_error_is_the_functions_init_error_and_the_next_save_corrects_it(copied: CopiedProject) -> None:
    with copied.saved(_RELAY, _SENT, "    return return\n"):
        error = _answers(copied, "errorType")
    healed = _answers(copied, "unsent")

    assert error == "Runtime.UserCodeSyntaxError"
    assert healed >= 0


def test_a_changed_template_is_deployed_as_a_new_stack_and_orders_in_flight_go_on(
    copied: CopiedProject, number: str
) -> None:
    system = copied.system()
    done, retried, unregistered = f"{number}-done", f"{number}-retried", f"{number}-unregistered"
    _put(system, done)
    system.ended(done, "completed")
    _hold_back(system, retried)
    waiting = _rest(system, f"{number}-waits")
    system.aws("sqs").receive_message(QueueUrl=waiting, VisibilityTimeout=600)
    database = copied.observed("postgres")

    with copied.saved("src/lambdas/register_orders/handler.py", "import json\n", "import import json\n"):
        broken = "Runtime.UserCodeSyntaxError"
        until(lambda: system.invoke("register_orders", {}), lambda answer: answer.get("errorType") == broken)
        _put(system, unregistered)
        until(lambda: _depths(copied)["orders"]["in_flight"], bool)
        copied.save("cloudformation/template.yaml", "Outputs:\n", "Outputs:\n  MadeByATest:\n    Value: made\n")
        until(lambda: (copied.state()["outputs"], copied.watched()), lambda seen: "MadeByATest" in seen[0])
    system = copied.system()
    system.heal("eom", retried)

    assert copied.observed("postgres") == database
    assert system.order(done)["state"] == "completed"
    system.ended(retried, "completed")
    system.ended(unregistered, "completed")
    assert len(system.done("paperless", "issue", retried)) == 1
    # Somebody had a look at it: hidden for ten minutes, and not lost.
    assert f"{number}-waits" in [each["number"] for each in copied.listing("waiting")]
    system.aws("sqs").purge_queue(QueueUrl=waiting)


def _logged(copied: CopiedProject, file: str, old: str, new: str, ends: str) -> str:
    """Save the template with a fault; the watch's log on it, up to a line that has `ends`. Then it is as before."""
    seen = len(copied.watched())
    with copied.saved(file, old, new):
        return until(lambda: copied.watched()[seen:], lambda log: ends in log, seconds=180)


def test_a_typo_in_a_template_touches_nothing(copied: CopiedProject, number: str) -> None:
    system = copied.system()
    waiting = _rest(system, number)
    before = copied.state()

    typo = "Outputs:\n  Typo:\n    Value: !GetAtt HelloQueueX.Arn\n"
    log = _logged(copied, "cloudformation/template.yaml", "Outputs:\n", typo, "was not touched")

    assert "HelloQueueX" in log
    assert "cloudformation/template.yaml:" in log
    assert copied.state()["deployed_at"] == before["deployed_at"]
    assert number in [each["number"] for each in system.get("/waiting")["waiting"]]
    system.aws("sqs").purge_queue(QueueUrl=waiting)


def test_a_stack_that_does_not_stand_is_replaced_by_the_earlier_one(copied: CopiedProject, number: str) -> None:
    system = copied.system()
    _rest(system, number)
    system.aws("s3").put_object(Bucket=system.bucket, Key=f"rejected/{number}", Body=b"kept")
    bad = "Resources:\n  Never:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: 'no such name!'}\n"
    _logged(copied, "cloudformation/stacks/records.yaml", "Resources:\n", bad, "serves again")

    system = copied.system()
    assert number in [each["number"] for each in system.get("/waiting")["waiting"]]
    assert system.aws("s3").get_object(Bucket=system.bucket, Key=f"rejected/{number}")["Body"].read() == b"kept"
    _put(system, f"{number}-after")
    system.ended(f"{number}-after", "completed")


def test_the_doctor_tells_of_a_function_that_fails(copied: CopiedProject) -> None:
    cloudwatch = copied.system().aws("cloudwatch")
    alarm = {"AlarmName": "mtd-local-route_order-errors", "StateReason": "tried by a test"}

    cloudwatch.set_alarm_state(StateValue="ALARM", **alarm)
    try:
        assert "BAD alarms       route_order-errors: read 'mtd logs" in copied.mtd("doctor", code=1)
    finally:
        cloudwatch.set_alarm_state(StateValue="OK", **alarm)
    assert "ok  stack        deployed; the API answers" in copied.mtd("doctor")


def _depths(copied: CopiedProject) -> dict[str, dict[str, Any]]:
    return {queue["name"]: queue for queue in copied.listing("status")["queues"]}


def test_up_twice_is_a_no_op_that_says_so(copied: CopiedProject) -> None:
    before = [copied.observed(name) for name in PROCESSES]

    printed = copied.mtd("up", "--no-seed")

    assert "already runs: nothing to start" in printed
    assert ", unchanged" in printed
    assert [copied.observed(name) for name in PROCESSES] == before


def test_up_restarts_servers_that_run_other_code(copied: CopiedProject, backend: str) -> None:
    if backend == "compose":
        pytest.skip("in containers: images are built when something is to be started")
    before = {name: copied.observed(name) for name in PROCESSES}
    for name in ("legacy_simulator", "portal"):
        with (copied.project / "src" / name / "app.py").open("a") as file:
            file.write("# pulled\n")

    copied.mtd("up", "--no-seed")

    after = {name: copied.observed(name) for name in PROCESSES}
    assert {name for name in PROCESSES if after[name] != before[name]} == {"simulator", "portal"}


def test_what_waits_and_what_came_is_there_after_down_and_up(copied: CopiedProject, number: str) -> None:
    system = copied.system()
    url = _rest(system, number)
    [entry] = [each for each in system.get("/waiting")["waiting"] if each["number"] == number]
    system.aws("s3").put_object(Bucket=system.bucket, Key=f"rejected/{number}", Body=b"kept")

    copied.mtd("down")
    assert (copied.instance.folder / "emulator-state.json.gz").stat().st_mode & 0o777 == 0o600
    copied.mtd("up", "--no-seed")

    system = copied.system()
    waiting = [each for each in system.get("/waiting")["waiting"] if each["number"] == number]
    rows = system.sql("select message_id, pushed_at from waiting_orders where number = %s", number)
    assert [(row["message_id"], row["pushed_at"]) for row in rows] == [(each["message_id"], None) for each in waiting]
    assert len(waiting) == 1
    assert waiting[0]["message_id"] != entry["message_id"]
    stored = system.aws("s3").get_object(Bucket=system.bucket, Key=f"rejected/{number}")
    assert stored["Body"].read() == b"kept"
    assert not (copied.instance.folder / "emulator-state.json.gz").exists()
    system.aws("sqs").purge_queue(QueueUrl=url)


def test_down_leaves_no_process_and_no_port_and_up_again_keeps_the_orders(copied: CopiedProject, number: str) -> None:
    system = copied.system()
    _put(system, number)
    system.ended(number, "completed")
    before = {row["number"]: row for row in copied.listing("orders")}
    ports = copied.state()["ports"]
    assert copied.own_processes()

    printed = copied.mtd("down")

    assert "is stopped; its database, queues and inbox are kept" in printed
    assert copied.own_processes() == []
    assert [name for name, port in ports.items() if not can_bind(port)] == []
    assert "did not run" in copied.mtd("down")
    assert "does not run" in copied.mtd("orders", code=1)

    copied.mtd("up", "--no-seed")

    assert {row["number"]: row for row in copied.listing("orders")} == before
    assert copied.state()["ports"] == ports


def test_every_listing_has_the_fields_of_its_contract(copied: CopiedProject, number: str, tmp_path: Path) -> None:
    file = tmp_path / f"{number}.xml"
    file.write_text(OrderFile(number=number).xml(), "utf-8")
    bucket = copied.system().bucket
    put = copied.listing("put", str(file))
    copied.system().ended(number, "completed")
    until(lambda: copied.system().mails(number), bool)
    queue = _rest(copied.system(), f"{number}-waits")

    order, status = copied.listing("order", number), copied.listing("status")
    [row] = [row for row in copied.listing("orders") if row["number"] == number]
    [waiting] = [each for each in copied.listing("waiting") if each["number"] == f"{number}-waits"]
    mails = copied.listing("mail", "--order", number)
    logs = copied.listing("logs", "complete_order")

    assert put == [{"bucket": bucket, "key": f"orders/{number}.xml"}]
    assert set(row) >= set("number state ended reason seller buyer currency total received_at updated_at".split())
    assert (row["state"], row["ended"], row["reason"], row["currency"]) == ("completed", True, None, "CLP")
    assert Decimal(row["total"]) == 23800
    assert datetime.fromisoformat(row["received_at"]).tzinfo is not None
    assert set(order) >= {"number", "state", "events"}
    assert all(set(event) >= {"at", "source", "what", "from", "to", "ms", "request_id"} for event in order["events"])
    assert {event["source"] for event in order["events"]} >= {"S3", "SQS", "API", "Lambda", "PostgreSQL", "SES"}
    times = [datetime.fromisoformat(event["at"]) for event in order["events"]]
    assert times == sorted(times)
    assert set(status) >= {"home", "region", "endpoint", "portal", "functions", "queues", "orders_by_state"}
    assert (status["home"], status["region"]) == (copied.kind, "us-west-2")
    assert status["portal"].startswith("http://127.0.0.1:")
    assert all(set(each) >= {"name", "state", "memory_mb", "timeout_s"} for each in status["functions"])
    assert {each["name"] for each in status["functions"]} == {
        path.parent.name for path in copied.project.glob("src/lambdas/*/handler.py")
    }
    assert all(set(each) >= {"name", "url", "visible", "in_flight", "delayed"} for each in status["queues"])
    assert status["orders_by_state"]["completed"] >= 1
    assert [(mail["order"], mail["to"]) for mail in mails] == [(number, "ana@example.cl")]
    assert set(mails[0]) >= {"to", "subject", "order", "sent_at"}
    assert waiting["seller"] == "76123456-0"
    assert set(waiting) >= {"number", "seller", "since", "receives", "reason"}
    assert logs
    assert set(logs[0]) >= {"at", "function", "message"}
    copied.system().aws("sqs").purge_queue(QueueUrl=queue)


def test_a_killed_localstack_is_restarted_and_orders_in_flight_are_delivered(
    copied: CopiedProject, number: str
) -> None:
    held, fresh = f"{number}-held", f"{number}-fresh"
    system = copied.system()
    _hold_back(system, held)
    functions = set().union(*copied.function_processes().values())

    copied.kill("localstack")
    until(lambda: copied.observed("localstack").death, bool)
    assert "localstack was ended by SIGKILL" in copied.mtd("orders", code=1)
    printed = copied.mtd("up", "--no-seed")
    system = copied.system()
    system.heal("eom", held)
    _put(system, fresh)

    assert "Restarting what has died: localstack" in printed
    system.ended(fresh, "completed")
    system.ended(held, "completed")
    assert len(system.done("eom", "allocate", held)) == 1
    assert len(system.done("paperless", "issue", held)) == 1
    # In a container they are gone with it.
    assert copied.kind == "compose" or [pid for pid in functions if ProcessIdentity.of(pid) is not None] == []
