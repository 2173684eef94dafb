"""Messages and objects on their way into a new stack."""

import json
from typing import Any, cast

from delivery.deployment.emulator_content import EmulatorContent, put_content
from delivery.deployment.stack import Resource, Stack
from devenv.aws import Clients

BUCKET, QUEUE = "inbox", "http://here/queue/inbox-events"


class FakeS3:
    def __init__(self) -> None:
        self.put: list[str] = []
        self.notifies: dict[str, Any] = {"QueueConfigurations": ["inbox-events"]}
        self.notified: list[str] = []

    def get_bucket_notification_configuration(self, **_: str) -> dict[str, Any]:
        return dict(self.notifies)

    def put_bucket_notification_configuration(self, **parameters: Any) -> None:
        self.notifies = parameters["NotificationConfiguration"]

    def put_object(self, **parameters: Any) -> dict[str, str]:
        self.put.append(parameters["Key"])
        if self.notifies:
            self.notified.append(parameters["Key"])
        return {"VersionId": f"new-{parameters['Key']}"}


class FakeSqs:
    def __init__(self, s3: FakeS3) -> None:
        self.bodies: list[str] = []
        self._s3 = s3

    def send_message(self, **parameters: Any) -> dict[str, str]:
        assert self._s3.put, "a message must not come before its object"
        self.bodies.append(parameters["MessageBody"])
        return {"MessageId": f"new-{len(self.bodies)}"}


class FakeClients:
    def __init__(self) -> None:
        self.s3 = FakeS3()
        self.sqs = FakeSqs(self.s3)

    def client(self, service: str) -> Any:
        return {"s3": self.s3, "sqs": self.sqs}[service]


class FakeStack:
    def resources(self) -> list[Resource]:
        kinds = {"AWS::SQS::Queue": QUEUE, "AWS::S3::Bucket": BUCKET}
        return [
            Resource(stack="s", logical_id=kind, kind=kind, physical_id=id_, status="CREATE_COMPLETE", reason="")
            for kind, id_ in kinds.items()
        ]


def test_an_event_in_flight_names_the_version_that_its_object_has_now() -> None:
    """A version that is no more would make a rejected file of a good order."""
    event = {
        "Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": "orders/a%2Bb.xml", "versionId": "old"}}}]
    }
    order = json.dumps({"number": "A", "versionId": "not of S3"})
    content = EmulatorContent(
        messages={"inbox-events": [message("m-1", json.dumps(event)), message("m-2", order)]},
        objects={BUCKET: [{"Key": "orders/a+b.xml", "Body": b"<Order/>"}]},
    )
    clients = FakeClients()

    renamed = put_content(cast(Clients, clients), cast(Stack, FakeStack()), content)

    first, second = map(json.loads, clients.sqs.bodies)
    assert first["Records"][0]["s3"]["object"]["versionId"] == "new-orders/a+b.xml"
    assert second == json.loads(order)
    assert renamed == {"m-1": "new-1", "m-2": "new-2"}
    assert (clients.s3.notified, clients.s3.notifies) == ([], {"QueueConfigurations": ["inbox-events"]})


def message(id_: str, body: str) -> dict[str, Any]:
    return {"MessageId": id_, "Body": body, "Attributes": {}, "MessageAttributes": {}}
