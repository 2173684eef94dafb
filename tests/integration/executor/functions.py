"""Makes Lambda functions out of source text, and calls them."""

import base64
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.integration.executor.bare_localstack import BareLocalStack, poll

ROLE = "arn:aws:iam::000000000000:role/any"


def zipped(files: Mapping[str, str]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of an invocation: payload, whether the function failed, the tail of its log."""

    payload: Any
    failed: bool
    log: str


class Functions:
    """The functions of one test, in an account of its own."""

    def __init__(self, localstack: BareLocalStack, account: str) -> None:
        self.localstack = localstack
        self.account = account
        self.client = localstack.client("lambda", account=account)
        self.logs = localstack.client("logs", account=account)
        self.cloudwatch = localstack.client("cloudwatch", account=account)

    def create(
        self,
        name: str,
        code: str | Mapping[str, str] | Mapping[str, Any],
        *,
        layers: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        hot: str | None = None,
        **settings: Any,
    ) -> None:
        """Create the function ``name`` (handler.handler) and wait until it is active."""
        source: dict[str, Any] = {"S3Bucket": "hot-reload", "S3Key": hot} if hot else {}
        if not hot:
            source["ZipFile"] = zipped({"handler.py": code} if isinstance(code, str) else code)
        settings.setdefault("Timeout", 10)
        settings.setdefault("MemorySize", 256)
        settings.setdefault("Runtime", "python3.13")
        settings.setdefault("Handler", "handler.handler")
        self.client.create_function(
            FunctionName=name,
            Role=ROLE,
            Code=source,
            Layers=list(layers),
            Environment={"Variables": dict(environment or {})},
            **settings,
        )
        poll(lambda: self._active(name), because=f"{name} is active")

    def publish_layer(self, name: str, files: Mapping[str, str]) -> str:
        """Publish a layer version; its ARN."""
        answer = self.client.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(files)})
        return str(answer["LayerVersionArn"])

    def invoke(self, name: str, event: Any = None, *, qualifier: str | None = None) -> Answer:
        """Call the function and wait for its answer."""
        answer = self.client.invoke(
            FunctionName=name,
            Payload=json.dumps(event).encode(),
            LogType="Tail",
            **({"Qualifier": qualifier} if qualifier else {}),
        )
        return Answer(
            payload=json.loads(answer["Payload"].read()),
            failed="FunctionError" in answer,
            log=base64.b64decode(answer["LogResult"]).decode("utf-8", "replace"),
        )

    def log_events(self, name: str) -> list[str]:
        """All messages in the function's log group, stream by stream, in order."""
        group = f"/aws/lambda/{name}"
        try:
            streams = self.logs.describe_log_streams(logGroupName=group)["logStreams"]
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        messages = []
        for stream in streams:
            events = self.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True, limit=10000
            )
            messages += [event["message"] for event in events["events"]]
        return messages

    def environments(self, name: str) -> list[dict[str, Any]]:
        """The environments of the function, as GET /_mtd/environments shows them."""
        rows = self.localstack.request("GET", "/_mtd/environments")
        return [row for row in rows if row["function"] == name]

    def _active(self, name: str) -> bool:
        configuration = self.client.get_function_configuration(FunctionName=name)
        assert configuration["State"] != "Failed", configuration.get("StateReason")
        return bool(configuration["State"] == "Active")
