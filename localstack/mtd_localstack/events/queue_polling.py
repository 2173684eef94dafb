"""Polls queues for event source mappings as AWS does, with a long poll that ends with the first message. In a burst a
second receive after a short linger fills the batch."""

import time
from typing import Any

from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller

from mtd_localstack.events.concurrent_polling import ConcurrentPolling

_LONG_POLL_SECONDS = 5
_LINGER_SECONDS = 0.05
# Several messages in one receive, a short time ago, are a burst. Single messages never wait.
_BURST_SECONDS = 0.5


class LingeringQueue:
    """An SQS client whose ReceiveMessage fills up its batch when messages come in a burst."""

    def __init__(self, client: Any, batch_size: int) -> None:
        self._client = client
        self._batch_size = batch_size
        self._burst_at = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def receive_message(self, **parameters: Any) -> Any:
        """ReceiveMessage, twice when the first answer of a burst has room left."""
        answer = self._client.receive_message(**parameters)
        found = answer.get("Messages") or []
        room = self._batch_size - len(found)
        if found and room > 0 and time.monotonic() - self._burst_at < _BURST_SECONDS:
            time.sleep(_LINGER_SECONDS)
            rest = {"MaxNumberOfMessages": min(room, 10), "sqs_override_max_message_count": room, "WaitTimeSeconds": 0}
            more = self._client.receive_message(**parameters | rest)
            answer["Messages"] = found = found + (more.get("Messages") or [])
        if len(found) > 1:
            self._burst_at = time.monotonic()
        return answer


def poll_queues_long() -> None:
    """Replace the polling of all mappings."""
    make = SqsPoller.__init__

    def made(self: SqsPoller, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        self.maximum_batching_window = self.maximum_batching_window or _LONG_POLL_SECONDS
        self.source_client = LingeringQueue(self.source_client, self.batch_size)

    SqsPoller.__init__ = made


def honour_maximum_concurrency() -> None:
    """Have each mapping of a standard queue call its function as often at a time as its MaximumConcurrency allows."""
    make = EsmWorkerFactory.get_esm_worker

    def made(self: EsmWorkerFactory) -> EsmWorker:
        worker = make(self)
        most = (self.esm_config.get("ScalingConfig") or {}).get("MaximumConcurrency", 1)
        if most > 1 and isinstance(worker.poller, SqsPoller) and not worker.poller.source_arn.endswith(".fifo"):
            ConcurrentPolling(worker.poller, most)
        return worker

    EsmWorkerFactory.get_esm_worker = made
