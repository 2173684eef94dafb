"""A team's own function and queue as connected systems."""

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.system import System, until
from tests.integration.systems.test_systems import World

type Json = dict[str, Any]

pytestmark = pytest.mark.xdist_group("systems")

_CODE = """
def handler(calls, context):
    answers = []
    for call in calls:
        if call["request"]["sku"] == "BAD":
            answers.append({"key": call["key"], "error": {"code": "banned", "message": "no such goods"}})
        else:
            answers.append({"key": call["key"], "values": {"score": len(calls)}})
    return answers
"""


@pytest.fixture
def function(system: System) -> Iterator[str]:
    """A function of a team, by the name that a declaration says."""
    name, packed = f"scores-{uuid.uuid4().hex[:6]}", io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("scoring.py", _CODE)
    client = system.aws("lambda")
    client.create_function(
        FunctionName=f"mtd-local-system-{name}",
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/scores",
        Handler="scoring.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=10,
    )
    client.get_waiter("function_active_v2").wait(FunctionName=f"mtd-local-system-{name}")
    yield name
    client.delete_function(FunctionName=f"mtd-local-system-{name}")


def connected(system: System, declaration: Json, **entry: Any) -> World:
    """A process whose task that system serves."""
    made = World(system)
    body = {"declaration": {**declaration, "operations": {"check": {}}}, "person": "test"}
    # A name of its own, because the world's is at a stub.
    made.name = f"own-{uuid.uuid4().hex[:8]}"
    status, answer = system.call("PUT", f"/systems/{made.name}", body)
    assert status == 200, answer
    made.version = made.imported(**entry)["version"]
    return made


def test_a_function_answers_for_a_batch(system: System, function: str, number: str) -> None:
    made = connected(system, {"lambda": function})
    made.start(f"{number}-1")
    made.start(f"{number}-2", "BAD")

    good, bad = system.ended(f"{number}-1", "completed"), system.ended(f"{number}-2", "refused")

    assert any("score" in event["what"] for event in good["events"])
    assert any("code banned" in event["what"] for event in bad["events"])


def test_a_queue_takes_the_request_and_a_message_brings_the_answer(system: System, number: str) -> None:
    name, queues = f"checks-{uuid.uuid4().hex[:6]}", system.aws("sqs")
    url = queues.create_queue(QueueName=f"mtd-local-system-{name}")["QueueUrl"]
    made = connected(system, {"queue": name}, later="checked")
    made.start(number)

    [message] = until(lambda: queues.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []), bool)
    request = json.loads(message["Body"])
    assert (request["order"], request["operation"], request["answer_as"]) == (number, "check", "checked")
    body = {"message": request["answer_as"], "values": {"score": 3}, "id": request["key"]}
    assert system.call("POST", f"/orders/{number}/messages", body)[0] == 200

    system.ended(number, "completed")
    queues.delete_queue(QueueUrl=url)
