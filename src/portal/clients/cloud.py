"""The system as AWS reports it: queues, functions with their last hour, alarms, and the local inbox of mails."""

import json
import logging
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mtd.domain.errors import UnavailableError
from portal.clients import cloudwatch

type Row = dict[str, Any]

LOG = logging.getLogger(__name__)
_DEPTHS = {
    "visible": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


class Cloud:
    """Asks AWS, or LocalStack where AWS_ENDPOINT_URL says so; each answer is kept for some seconds."""

    def __init__(self, environment: str, region: str, mail_inbox: str) -> None:
        self._prefix = f"mtd-{environment}-"
        self._session = boto3.Session(region_name=region)
        self._config = Config(connect_timeout=2, read_timeout=8, retries={"max_attempts": 1})
        self._mail_inbox = mail_inbox
        self._kept: dict[str, tuple[float, list[Row] | None]] = {}

    def queues(self) -> list[Row]:
        """Each queue's depths, at most two seconds old. Raises UnavailableError."""
        return self._recent("queues", 2, self._queues)

    def functions(self) -> list[Row]:
        """Each function with its last hour, at most ten seconds old; milliseconds. Raises UnavailableError."""
        return self._recent("functions", 10, self._functions)

    def alarms(self) -> list[Row]:
        """The alarms that fire, at most ten seconds old. Raises UnavailableError."""
        return self._recent("alarms", 10, lambda: cloudwatch.alarms(self._client("cloudwatch"), self._prefix))

    def legacy_tries(self) -> list[Row]:
        """The results of recent calls to legacy systems, at most ten seconds old. Raises UnavailableError."""
        return self._recent("legacy_tries", 10, lambda: cloudwatch.legacy_tries(self._client("cloudwatch")))

    @property
    def has_inbox(self) -> bool:
        return bool(self._mail_inbox)

    def mails(self) -> list[Row]:
        """The mails that LocalStack's SES sent, the newest first. Raises UnavailableError."""
        try:
            with urllib.request.urlopen(self._mail_inbox, timeout=10) as response:
                messages = json.load(response)["messages"]
        except (OSError, ValueError, KeyError) as error:
            raise UnavailableError(f"the inbox of mails does not answer: {error}", code="inbox_unavailable") from error
        return sorted((_mail(message) for message in messages), key=lambda mail: str(mail["sent_at"]), reverse=True)

    def _recent(self, name: str, seconds: float, ask: Callable[[], list[Row]]) -> list[Row]:
        """The rows, at most so many seconds old. A failure is kept as long: no snapshot waits for a time-out twice."""
        at, rows = self._kept.get(name, (-seconds, None))
        if time.monotonic() - at >= seconds:
            rows = self._asked(name, ask)
        if rows is None:
            raise UnavailableError(f"AWS does not answer a question about {name}", code="aws_unavailable")
        return rows

    def _asked(self, name: str, ask: Callable[[], list[Row]]) -> list[Row] | None:
        rows: list[Row] | None = None
        try:
            rows = ask()
        except (BotoCoreError, ClientError) as error:
            LOG.warning("AWS does not answer", extra={"asked": name, "error": str(error)})
        self._kept[name] = (time.monotonic(), rows)
        return rows

    def _client(self, service: str) -> Any:
        session: Any = self._session
        return session.client(service, config=self._config)

    def _queues(self) -> list[Row]:
        client = self._client("sqs")
        rows = []
        for url in sorted(client.list_queues(QueueNamePrefix=self._prefix).get("QueueUrls", [])):
            attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_DEPTHS.values()))["Attributes"]
            depths = {name: int(attributes[attribute]) for name, attribute in _DEPTHS.items()}
            rows.append({"name": url.rpartition("/")[2].removeprefix(self._prefix), **depths})
        return rows

    def _functions(self) -> list[Row]:
        pages = self._client("lambda").get_paginator("list_functions").paginate()
        rows = [
            {
                "name": item["FunctionName"].removeprefix(self._prefix),
                "memory_mb": item["MemorySize"],
                "timeout_s": item["Timeout"],
                "modified_at": datetime.fromisoformat(item["LastModified"]),
            }
            for page in pages
            for item in page["Functions"]
            if item["FunctionName"].startswith(self._prefix)
        ]
        figures = cloudwatch.last_hour(self._client("cloudwatch"), self._prefix, [row["name"] for row in rows])
        return sorted(({**row, **figures[row["name"]]} for row in rows), key=lambda row: str(row["name"]))


def _mail(message: Row) -> Row:
    at = datetime.fromisoformat(str(message["Timestamp"]))
    body = message.get("Body") or {}
    return {
        "id": str(message.get("Id", "")),
        "sent_at": at if at.tzinfo else at.replace(tzinfo=UTC),
        "from": message.get("Source"),
        "to": ", ".join((message.get("Destination") or {}).get("ToAddresses") or []),
        "subject": str(message.get("Subject") or ""),
        "text": body.get("text_part") or body.get("html_part") or str(message.get("RawData") or ""),
    }
