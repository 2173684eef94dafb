"""Our Docker-free Lambdas against those of other emulators, one after the other in one run, on this machine.

Asked of each, with the same boto3 function: a warm call; a call that finds no process (cold); from S3, SQS and a REST
API to the running function; a state machine of two functions; and how many queue messages a second a burst is worth.
Milliseconds, p50 and p95. A peer that lacks a trigger or fails at it gets a dash. The last line is one JSON object.

The peers are installed from their registries into a temporary folder, for the run only.

    .venv/bin/python tests/performance/peers.py [--rounds 100] [--only mtd fresh ministack serverless]
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:1] = [str(ROOT)]

from proving.stress.handlers import percentile  # noqa: E402
from tests.integration.executor.bare_localstack import interpreter, poll  # noqa: E402
from tests.integration.executor.functions import zipped  # noqa: E402
from tests.performance import emulators  # noqa: E402
from tests.performance.emulators import REGION, Emulator  # noqa: E402

# Writes down when it ran: the time from the trigger to the function, and no longer.
_SOURCE = """
import json, os, time
import boto3
def handler(event, context):
    here = (event or {{}}).get("log") or {log!r}
    records = (event or {{}}).get("Records") or [None]
    with open(here, "a") as file:
        file.write(f"{{time.time()}}\\n" * len(records))
    return {{"statusCode": 200, "body": "{{}}"}}
"""
_ROLE = "arn:aws:iam::000000000000:role/any"
_BURST = 300
MEASURES = ("warm", "cold", "s3", "sqs", "api", "states")


class Bench:
    """One emulator under measurement; `log` is where its functions write when they ran."""

    def __init__(self, emulator: Emulator, log: Path, rounds: int) -> None:
        self._emulator = emulator
        self._log = log
        self._rounds = rounds
        self._lambda = emulator.client("lambda")

    def create(self, name: str) -> str:
        """A function; its ARN."""
        arn: str = self._lambda.create_function(
            FunctionName=name,
            Role=_ROLE,
            Runtime="python3.13",
            Handler="handler.handler",
            Timeout=30,
            MemorySize=512,
            Code={"ZipFile": zipped({"handler.py": _SOURCE.format(log=str(self._log))})},
        )["FunctionArn"]
        self._until_active(name)
        return arn

    def warm(self, name: str) -> list[float]:
        """Calls by the API, one after the other."""
        self._invoke(name)
        return [self._timed(name, lambda: self._invoke(name)) for _ in range(self._rounds)]

    def cold(self, name: str) -> list[float]:
        """Calls after a change of the configuration, which leaves no process that could serve them."""
        times = []
        for i in range(max(5, self._rounds // 5)):
            self._lambda.update_function_configuration(FunctionName=name, Environment={"Variables": {"ROUND": str(i)}})
            self._until_active(name)
            times.append(self._timed(name, lambda: self._invoke(name)))
        return times

    def s3(self, name: str, arn: str) -> list[float]:
        """From the put of an object to its function."""
        s3 = self._emulator.client("s3")
        s3.create_bucket(Bucket="peers", CreateBucketConfiguration={"LocationConstraint": REGION})
        notify = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
        self._lambda.add_permission(
            FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
        )
        s3.put_bucket_notification_configuration(Bucket="peers", NotificationConfiguration=notify)
        return self._triggered(name, lambda i: s3.put_object(Bucket="peers", Key=f"{i}", Body=b"x"))

    def sqs(self, name: str, arn: str) -> tuple[list[float], float]:
        """From a message to its function; and messages a second in a burst, ten a call."""
        sqs = self._emulator.client("sqs")
        queue = sqs.create_queue(QueueName="peers", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
        source = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        mapping = self._lambda.create_event_source_mapping(FunctionName=arn, EventSourceArn=source, BatchSize=10)
        poll(lambda: self._lambda.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled")
        times = self._triggered(name, lambda _: sqs.send_message(QueueUrl=queue, MessageBody="{}"))
        before, began = len(self._ran()), time.time()
        for start in range(0, _BURST, 10):
            entries = [{"Id": str(i), "MessageBody": "{}"} for i in range(start, start + 10)]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        poll(lambda: len(self._ran()) >= before + _BURST, timeout_s=120)
        return times, _BURST / (self._ran()[before + _BURST - 1] - began)

    def api(self, name: str, arn: str | None) -> list[float]:
        """GETs of a REST API, answered by the function."""
        api = self._rest_api(arn) if arn else ""
        url = self._emulator.api(api, "/measured")

        def get() -> None:
            with urllib.request.urlopen(url, timeout=30) as answer:
                answer.read()

        get()
        return [self._timed(name, get) for _ in range(self._rounds)]

    def states(self, name: str, arn: str) -> list[float]:
        """From the start of a state machine of two functions to its end."""
        states = self._emulator.client("stepfunctions")
        first = {"Type": "Task", "Resource": arn, "Next": "Second"}
        definition = {
            "StartAt": "First",
            "States": {"First": first, "Second": {"Type": "Task", "Resource": arn, "End": True}},
        }
        machine = states.create_state_machine(name="peers", definition=json.dumps(definition), roleArn=_ROLE)

        def execute() -> None:
            execution = states.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")["executionArn"]
            while (status := states.describe_execution(executionArn=execution)["status"]) == "RUNNING":
                time.sleep(0.002)
            assert status == "SUCCEEDED", status

        execute()
        return [self._timed(name, execute) for _ in range(max(5, self._rounds // 3))]

    def _rest_api(self, arn: str) -> str:
        gateway = self._emulator.client("apigateway")
        api: str = gateway.create_rest_api(name="peers")["id"]
        root = next(item["id"] for item in gateway.get_resources(restApiId=api)["items"] if item["path"] == "/")
        resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="measured")["id"]
        gateway.put_method(restApiId=api, resourceId=resource, httpMethod="GET", authorizationType="NONE")
        gateway.put_integration(
            restApiId=api,
            resourceId=resource,
            httpMethod="GET",
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations",
        )
        gateway.create_deployment(restApiId=api, stageName="live")
        return api

    def _triggered(self, name: str, trigger: Callable[[int], object]) -> list[float]:
        times = []
        for i in range(self._rounds // 2 + 2):
            self._emulator.before_call(name)
            before, began = len(self._ran()), time.time()
            trigger(i)
            poll(lambda count=before: len(self._ran()) > count, timeout_s=30)  # type: ignore[misc]
            times.append((self._ran()[before] - began) * 1000)
            time.sleep(0.05)
        return times[2:]

    def _timed(self, name: str, call: Callable[[], None]) -> float:
        self._emulator.before_call(name)
        began = time.perf_counter()
        call()
        return (time.perf_counter() - began) * 1000

    def _invoke(self, name: str) -> None:
        answer = self._lambda.invoke(FunctionName=name, Payload=json.dumps({"log": str(self._log)}).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()
        answer["Payload"].read()

    def _ran(self) -> list[float]:
        return [float(line) for line in self._log.read_text().split()] if self._log.exists() else []

    def _until_active(self, name: str) -> None:
        def active() -> bool:
            configuration: dict[str, str] = self._lambda.get_function_configuration(FunctionName=name)
            return (
                configuration.get("State", "Active") == "Active"
                and configuration.get("LastUpdateStatus", "Successful") == "Successful"
            )

        poll(active)


def measure(peer: Callable[[], AbstractContextManager[Emulator]], rounds: int) -> dict[str, Any]:
    """All measures of one emulator; one that fails is left out, with its reason on standard error."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="mtd-peers-") as folder, peer() as emulator:
        bench = Bench(emulator, Path(folder) / "ran", rounds)
        offline = "sqs" not in emulator.triggers
        name = "peers-live-measured" if offline else "measured"
        arn = None if offline else bench.create(name)
        for measure_name, run in _measures(bench, name, arn):
            try:
                times = run()
            except Exception as error:
                print(f"  {measure_name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
                continue
            if isinstance(times, tuple):
                times, figures["sqs_messages_per_second"] = times[0], round(times[1], 1)
            figures[measure_name] = {"p50": round(percentile(times, 0.5), 1), "p95": round(percentile(times, 0.95), 1)}
    return figures


def _measures(bench: Bench, name: str, arn: str | None) -> Iterator[tuple[str, Callable[[], Any]]]:
    yield "warm", lambda: bench.warm(name)
    yield "api", lambda: bench.api(name, arn)
    if arn:
        yield "s3", lambda: bench.s3(name, arn)
        yield "sqs", lambda: bench.sqs(name, arn)
        yield "states", lambda: bench.states(name, arn)
        yield "cold", lambda: bench.cold(name)


def show(found: dict[str, dict[str, Any]], rounds: int) -> None:
    """The table, then the JSON line."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}; {rounds} rounds, ms, p50 / p95")
    print(f"{'':<22}" + "".join(f"{name:>18}" for name in found))
    labels = {
        "warm": "warm call",
        "cold": "cold call",
        "s3": "S3 to function",
        "sqs": "SQS to function",
        "api": "API to function",
        "states": "two-step machine",
    }
    for name in MEASURES:
        cells = [
            f"{figures[name]['p50']:.1f} / {figures[name]['p95']:.1f}" if name in figures else "-"
            for figures in found.values()
        ]
        print(f"{labels[name]:<22}" + "".join(f"{cell:>18}" for cell in cells))
    cells = [str(figures.get("sqs_messages_per_second", "-")) for figures in found.values()]
    print(f"{'queue messages a s':<22}" + "".join(f"{cell:>18}" for cell in cells))
    print(json.dumps({"machine": machine, "rounds": rounds, "peers": found}))


def _serverless() -> AbstractContextManager[Emulator]:
    with tempfile.NamedTemporaryFile(prefix="mtd-peers-", delete=False) as log:
        source = _SOURCE.format(log=log.name)
    return emulators.serverless_offline(source, interpreter("MTD_LAMBDA_PYTHON", "lambda"))


PEERS: dict[str, Callable[[], AbstractContextManager[Emulator]]] = {
    "mtd": emulators.mtd,
    "fresh": emulators.fresh_interpreters,
    "ministack": emulators.ministack,
    "serverless": _serverless,
}


def main() -> None:
    """Measure all, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=PEERS)
    arguments = parser.parse_args()
    found = {}
    for name in arguments.only or PEERS:
        print(f"{name} …", file=sys.stderr, flush=True)
        found[name] = measure(PEERS[name], arguments.rounds)
    show(found, arguments.rounds)


if __name__ == "__main__":
    main()
