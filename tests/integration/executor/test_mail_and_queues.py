"""Bulk mails, kept and rendered; and event source mappings that wait in the call and fill up in a burst."""

import hashlib
import json
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from botocore.exceptions import ClientError
from tests.integration.executor.bare_localstack import BareLocalStack, poll
from tests.integration.executor.functions import Functions

SENDER = "shop@example.com"


def send(localstack: BareLocalStack, template: str, *bodies: str) -> list[dict[str, str]]:
    destinations = [
        {
            "Destination": {"ToAddresses": [f"{number}@example.com"]},
            "ReplacementTemplateData": json.dumps({"subject": f"Nº {number}", "body": body}),
        }
        for number, body in enumerate(bodies)
    ]
    answer = localstack.client("ses").send_bulk_templated_email(
        Source=SENDER, Template=template, DefaultTemplateData="{}", Destinations=destinations
    )
    statuses: list[dict[str, str]] = answer["Status"]
    return statuses


def with_template(localstack: BareLocalStack) -> str:
    ses = localstack.client("ses")
    ses.verify_email_identity(EmailAddress=SENDER)
    template = {"TemplateName": "text", "SubjectPart": "{{subject}}", "TextPart": "{{body}}"}
    ses.create_template(Template=template)
    return "text"


@pytest.mark.slow
def test_bulk_mails_are_kept_as_rendered_and_outlive_the_emulator(tmp_path: Path) -> None:
    settings = {"MTD_MAIL_LOG": str(tmp_path / "mails.jsonl")}
    with BareLocalStack(tmp_path / "one", settings) as localstack:
        statuses = send(localstack, with_template(localstack), "<b>ñ</b>", "{{body}} 'quoted' \"twice\"\nnext line")

        assert [status["Status"] for status in statuses] == ["Success", "Success"]
        kept = localstack.request("GET", "/_aws/ses")["messages"]
        assert {mail["Id"] for mail in kept} == {status["MessageId"] for status in statuses}
        assert [(mail["Subject"], mail["Body"]["text_part"]) for mail in kept] == [
            ("Nº 0", "<b>ñ</b>"),
            ("Nº 1", "{{body}} 'quoted' \"twice\"\nnext line"),
        ]
        assert kept[1]["Destination"]["ToAddresses"] == ["1@example.com"]
    with BareLocalStack(tmp_path / "two", settings) as localstack:
        localstack.client("ses").get_send_quota()
        assert localstack.request("GET", "/_aws/ses")["messages"] == kept


def test_a_template_that_is_not_there_is_refused(localstack: BareLocalStack) -> None:
    localstack.client("ses").verify_email_identity(EmailAddress=SENDER)

    with pytest.raises(ClientError, match="nothing-such does not exist"):
        send(localstack, "nothing-such", "body")


def test_a_burst_comes_in_batches_and_nothing_is_lost(functions: Functions, localstack: BareLocalStack) -> None:
    functions.create("reads", "def handler(e, c):\n    print('batch', len(e['Records']))\n")
    sqs = localstack.client("sqs", account=functions.account)
    queue = sqs.create_queue(QueueName="burst")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    functions.client.create_event_source_mapping(
        FunctionName="reads", EventSourceArn=arn, BatchSize=100, MaximumBatchingWindowInSeconds=1
    )

    for start in range(0, 200, 10):
        entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(start, start + 10)]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)

    def batches() -> list[int]:
        return [int(line.split()[1]) for line in functions.log_events("reads") if line.startswith("batch ")]

    read = poll(lambda: sizes if sum(sizes := batches()) >= 200 else None)
    assert sum(read) == 200
    assert max(read) > 10


def test_a_slow_batch_leaves_its_mapping_as_many_others_as_it_may_have(
    functions: Functions, localstack: BareLocalStack
) -> None:
    code = (
        "import time\n"
        "def handler(e, c):\n"
        "    [body] = [r['body'] for r in e['Records']]\n"
        "    time.sleep(20 if body == 'slow' else 0)\n"
        "    print('served', body)\n"
    )
    functions.create("waits", code)
    sqs = localstack.client("sqs", account=functions.account)
    queue = sqs.create_queue(QueueName="lane")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    functions.client.create_event_source_mapping(
        FunctionName="waits", EventSourceArn=arn, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2}
    )

    for body in ("slow", "a", "b", "c"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    def served() -> set[str]:
        return {line.split()[1] for line in functions.log_events("waits") if line.startswith("served ")}

    assert poll(lambda: found if (found := served()) >= {"a", "b", "c"} else None) == {"a", "b", "c"}


def test_s3_sends_its_queue_an_event_for_each_object(localstack: BareLocalStack) -> None:
    account = "600000000001"
    s3, sqs = localstack.client("s3", account=account), localstack.client("sqs", account=account)
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    s3.create_bucket(Bucket="telling", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    arn = f"arn:aws:sqs:us-west-2:{account}:told"
    s3.put_bucket_notification_configuration(
        Bucket="telling",
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
    )
    sqs.purge_queue(QueueUrl=queue)

    s3.put_object(Bucket="telling", Key="año 1.xml", Body=b"12345")

    found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10, MessageSystemAttributeNames=["All"])["Messages"]
    (record,) = json.loads(found[0]["Body"])["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert unquote_plus(record["s3"]["object"]["key"]) == "año 1.xml"
    assert record["s3"]["object"]["size"] == 5
    assert int(found[0]["Attributes"]["SentTimestamp"]) > 1_600_000_000_000
    assert found[0]["MD5OfBody"] == hashlib.md5(found[0]["Body"].encode()).hexdigest()
    sqs.delete_queue(QueueUrl=queue)
    s3.put_object(Bucket="telling", Key="untold", Body=b"")
    assert s3.head_object(Bucket="telling", Key="untold")["ContentLength"] == 0
