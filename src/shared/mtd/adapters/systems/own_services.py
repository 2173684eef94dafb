"""Functions and queues of teams in this account, by names that begin with the environment's prefix."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from mtd.adapters.aws.clients import client
from mtd.domain.errors import NoAnswerError
from mtd.domain.json_types import Json


class AwsServices:
    """Serves `systems.ports.OwnServices`. `prefix` begins their names, such as mtd-production-system-."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def invoke(self, function: str, calls: Sequence[Json], timeout_seconds: float) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        name = self._prefix + function
        try:
            answer = _lambda(max(1, round(timeout_seconds))).invoke(
                FunctionName=name, Payload=json.dumps(list(calls)).encode()
            )
            payload = answer["Payload"].read()
        except (ClientError, BotoCoreError) as error:
            raise NoAnswerError(f"the function {name} does not answer: {error}", code="unreachable") from error
        if answer.get("FunctionError"):
            raise NoAnswerError(f"the function {name} failed", code="function_failed")
        try:
            return json.loads(payload)
        except ValueError:
            return None

    def enqueue(self, queue: str, request: Json) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        name = self._prefix + queue
        try:
            client("sqs").send_message(QueueUrl=_url(name), MessageBody=json.dumps(request))
        except (ClientError, BotoCoreError) as error:
            raise NoAnswerError(f"the queue {name} takes no request: {error}", code="unreachable") from error


@cache
def _lambda(timeout_seconds: int) -> Any:
    """A client that waits as long as the system's time-out. It calls once: a timed out call may have run."""
    import boto3
    from botocore.config import Config

    settings = Config(connect_timeout=3, read_timeout=timeout_seconds, retries={"total_max_attempts": 1})
    session: Any = boto3.Session()
    return session.client("lambda", config=settings)


@cache
def _url(queue: str) -> str:
    url: str = client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    return url
