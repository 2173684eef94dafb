"""A running system for tests, which act as the retailer, as an operator, and as the owner of a legacy system."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import psycopg
from psycopg.rows import dict_row

from devenv.backends.compose import ComposeServers
from devenv.instance import Instance

type Json = dict[str, Any]

BROKEN_BY_HAND = "broken-by-hand"
"""The file in the instance's folder that names what tests have broken past MTD."""

DEADLINE_SECONDS = 60.0


def until[T](ask: Callable[[], T], accept: Callable[[T], bool], seconds: float = DEADLINE_SECONDS) -> T:
    """Repeats `ask` until `accept` returns True for its answer; fails with the last answer at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if accept(answer):
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s; the last answer was {answer!r}"
        time.sleep(0.1)


class System:
    """A running instance, from its state document."""

    def __init__(self, state: Json) -> None:
        self.state = state
        self.endpoint: str = state["endpoint"]
        self.api: str = state["outputs"]["ApiUrl"]
        self.bucket: str = state["outputs"]["InboxBucket"]
        self._simulator = f"http://127.0.0.1:{state['ports']['simulator']}"
        self._session = boto3.Session("000000000000", "test", region_name=state["region"])

    def aws(self, service: str) -> Any:
        """A boto3 client."""
        session: Any = self._session
        return session.client(service, endpoint_url=self.endpoint)

    # As the retailer

    def put(self, content: str | bytes, name: str) -> str:
        """Put a file into the inbox; its s3:// source."""
        key = f"orders/{name}"
        body = content.encode() if isinstance(content, str) else content
        self.aws("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    # As an operator

    def get(self, path: str) -> Json:
        """GET of the API; an error's body as well."""
        return self.call("GET", path)[1]

    def call(self, method: str, path: str, body: Json | None = None, *, tenant: str = "") -> tuple[int, Json]:
        """A call of the API, by that tenant or without a word of one: status and body."""
        return _http(method, self.api + path, body, {"X-MTD-Tenant": tenant} if tenant else {})

    def order(self, number: str) -> Json:
        """The timeline of that number; {} when there is none yet."""
        status, body = self.call("GET", f"/orders/{urllib.parse.quote(number, safe='')}")
        return body if status == 200 else {}

    def ended(self, number: str, state: str, seconds: float = DEADLINE_SECONDS) -> Json:
        """The order's timeline once it is in that state."""
        return until(lambda: self.order(number), lambda order: order.get("state") == state, seconds)

    def rows(self, number: str) -> list[Json]:
        """The list's rows of that number or source."""
        query = urllib.parse.urlencode({"number": number})
        listed: list[Json] = self.get(f"/orders?{query}")["orders"]
        return listed

    def mails(self, number: str) -> list[Json]:
        """The mails of SES about that order."""
        with urllib.request.urlopen(f"{self.endpoint}/_aws/ses", timeout=10) as answer:
            messages = json.load(answer)["messages"]
        return [m for m in messages if f" {number} " in m["Subject"] + " "]

    def invoke(self, function: str, payload: Json) -> Json:
        """Invoke a function's alias."""
        answer = self.aws("lambda").invoke(
            FunctionName=f"mtd-local-{function}", Qualifier="live", Payload=json.dumps(payload).encode()
        )
        result: Json = json.loads(answer["Payload"].read())
        return result

    def broken_by_hand(self, *subjects: str) -> None:
        """Leave these numbers, or all of these tenants, out of the invariants that the session checks at its end."""
        with (Path(self.state["folder"]) / BROKEN_BY_HAND).open("a", encoding="utf-8") as file:
            file.writelines(f"{subject}\n" for subject in subjects)

    def sql(self, query: str, *parameters: object) -> list[Json]:
        """A statement as the database's owner."""
        with psycopg.connect(self.conninfo(), row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of the database's owner that commits each statement."""
        return psycopg.connect(self.conninfo(), autocommit=True)

    def call_emulator(self, method: str, path: str) -> Json:
        """A route of the emulator's own."""
        return _http(method, self.endpoint + path)[1]

    def environments(self) -> list[Json]:
        """The functions' processes."""
        listed: Any = self.call_emulator("GET", "/_mtd/environments")
        return list(listed)

    def kill_function(self, pid: int) -> None:
        """Kill a function's process outright, in whichever container it is. Raises ProcessLookupError."""
        if self.state["home"] == "embedded":
            os.kill(pid, signal.SIGKILL)
            return
        instance = Instance.from_env(os.environ | {"MTD_INSTANCE": self.state["instance"]})
        kill = ("exec", "-T", "localstack", "sh", "-c", f"kill -KILL {pid}")
        if subprocess.run(
            ComposeServers(instance=instance).command(*kill), capture_output=True, check=False
        ).returncode:
            raise ProcessLookupError(pid)

    def conninfo(self) -> str:
        """The connection string of the functions' user, for a connection from this machine."""
        secret = self.aws("secretsmanager").get_secret_value(SecretId="mtd/local/database")["SecretString"]
        values = json.loads(secret)
        return psycopg.conninfo.make_conninfo(
            host="127.0.0.1",
            port=self.state["ports"]["postgres"],
            user=values["username"],
            password=values["password"],
            dbname=values["dbname"],
        )

    # As the keeper of the legacy systems

    def fault(self, system: str, order: str, **settings: object) -> None:
        """Have a system misbehave on one order."""
        path = f"/control/faults/{system}/orders/{urllib.parse.quote(order, safe='')}"
        status, body = _http("PUT", self._simulator + path, dict(settings))
        assert status == 200, body

    def outage(self, system: str, *, on: bool) -> None:
        """Have a system not answer at all, or answer again; what is set for single orders stays."""
        self.set_fault(system, outage=on)

    def set_fault(self, system: str, **settings: object) -> None:
        """Have a system misbehave on all orders for which no fault of their own is set."""
        status, body = _http("PUT", f"{self._simulator}/control/faults/{system}", dict(settings))
        assert status == 200, body

    def authorise_folios(self, issuer: str, document_type: int, first: int, last: int) -> None:
        """Give an issuer's series of folios this range, as the SII does by a CAF."""
        body = {"issuer": issuer, "first": first, "last": last}
        status, answer = _http("PUT", f"{self._simulator}/control/cafs/{document_type}", body)
        assert status == 200, answer

    def clear_faults(self) -> None:
        """Have all systems behave again."""
        _http("DELETE", f"{self._simulator}/control/faults")

    def slow(self, system: str, latency_ms: float) -> None:
        """Have a system take that long for each call."""
        status, body = _http("PUT", f"{self._simulator}/control/faults/{system}", {"latency_ms": latency_ms})
        assert status == 200, body

    def heal(self, system: str, order: str) -> None:
        """Have it behave again."""
        _http("DELETE", f"{self._simulator}/control/faults/{system}/orders/{urllib.parse.quote(order, safe='')}")

    def done(self, system: str, operation: str, order: str) -> list[Json]:
        """The ledger's entries of the system for that order."""
        query = urllib.parse.urlencode({"system": system, "operation": operation, "order": order})
        entries: list[Json] = _http("GET", f"{self._simulator}/control/ledger?{query}")[1]["entries"]
        return entries

    def post_legacy(self, path: str, content: str, key: str) -> None:
        """Ask a system for something past MTD."""
        request = urllib.request.Request(self._simulator + path, content.encode(), {"Idempotency-Key": key})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def declare(self, name: str, declaration: Json, examples: Json | None = None) -> None:
        """Declare a connected system that the simulator stands in for, with these examples of answers."""
        stub = {"examples": examples or {}, **declaration}
        status, answer = _http("PUT", f"{self._simulator}/control/stubs/{name}", stub)
        assert status == 200, answer
        host = "legacy-simulator:4580" if self.state["home"] == "compose" else self._simulator.removeprefix("http://")
        declared = dict(declaration)
        if "lease" not in declared:
            declared["url"] = f"http://{host}/stubs/{name}"
        status, answer = self.call("PUT", f"/systems/{name}", {"declaration": declared, "person": "test"})
        assert status == 200, answer

    def stub(self, name: str) -> str:
        """The address of a system's stub, for programs of this machine."""
        return f"{self._simulator}/stubs/{name}"

    def set_card(self, number: str, balance: str) -> None:
        """Give a gift card a balance."""
        _http("PUT", f"{self._simulator}/control/cards/{number}", {"balance": balance})

    def card(self, number: str) -> Json:
        """A gift card's balance and what is available of it."""
        return _http("GET", f"{self._simulator}/gift-card/cards/{number}")[1]


def _http(method: str, url: str, body: Json | None = None, headers: dict[str, str] | None = None) -> tuple[int, Json]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read()
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, {"text": text.decode(errors="replace")}


PEPPOL = Path(__file__).resolve().parents[2] / "seed" / "orders"
