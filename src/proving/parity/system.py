"""A running instance for scenarios: its inbox, queues, API, mails, and the simulator of the legacy systems."""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from devenv.instance import ENVIRONMENT
from devenv.problem import Problem
from devenv.running import Running

type Json = dict[str, Any]

_MAIL_SECONDS = 0.5


class System:
    """One for all scenarios of a run. It does not know the backend."""

    def __init__(self, running: Running) -> None:
        self.inbox = running.output("InboxBucket")
        self._running = running
        self._api = running.output("ApiUrl").rstrip("/")
        self._clients = {name: running.clients.client(name) for name in ("s3", "sqs")}
        self._mails: tuple[float, list[Json]] = (0.0, [])
        self._mail_lock = threading.Lock()

    def put(self, name: str, content: bytes) -> str:
        """Puts a file into the inbox and returns its source, as rows name it."""
        key = f"orders/{name}"
        self._clients["s3"].put_object(Bucket=self.inbox, Key=key, Body=content)
        return f"s3://{self.inbox}/{key}"

    def send(self, queue: str, body: Json) -> None:
        sqs = self._clients["sqs"]
        url = sqs.get_queue_url(QueueName=f"mtd-{ENVIRONMENT}-{queue}")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of the API's answer."""
        return _http(method, self._api + path, body)

    def order(self, number: str) -> Json:
        """The order's timeline; {} for an unknown order."""
        status, body = self.call("GET", f"/orders/{urllib.parse.quote(number, safe='')}")
        return body if status == 200 else {}

    def rows(self, number: str) -> list[Json]:
        """The list's rows of that number or source."""
        answer = self.call("GET", f"/orders?{urllib.parse.urlencode({'number': number})}")[1]
        return list(answer.get("orders", []))

    def mails(self, number: str) -> list[Json]:
        """The mails about that order. The listing has all mails, so scenarios share its answers for a moment."""
        with self._mail_lock:
            at, messages = self._mails
            if time.monotonic() - at > _MAIL_SECONDS:
                messages = _http("GET", f"{self._running.endpoint}/_aws/ses")[1]["messages"]
                self._mails = (time.monotonic(), messages)
        return [mail for mail in messages if f" {number} " in f"{mail.get('Subject')} "]

    def fault(self, number: str, settings: Json) -> None:
        fault = dict(settings)
        path = f"/control/faults/{fault.pop('system')}/orders/{urllib.parse.quote(number, safe='')}"
        status, body = _http("PUT", self._running.simulator + path, fault)
        if status != 200:
            raise Problem(f"The simulator refused a fault: {body}", fix="Correct the scenario.")

    def set_card(self, card: str, balance: str) -> None:
        _http("PUT", f"{self._running.simulator}/control/cards/{card}", {"balance": balance})

    def card(self, card: str) -> Json:
        """The card's balance, or the refusal for an unknown card."""
        return dict(_http("GET", f"{self._running.simulator}/gift-card/cards/{card}")[1])

    def ledger(self, number: str) -> list[Json]:
        """The operations of the legacy systems for that order."""
        query = urllib.parse.urlencode({"order": number})
        return list(_http("GET", f"{self._running.simulator}/control/ledger?{query}")[1]["entries"])


def _http(method: str, url: str, body: Any = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read()
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, {"text": text.decode("utf-8", "replace")}
    except OSError as error:
        raise Problem(f"{url} does not answer: {error}", fix="Read 'mtd status'.") from error
