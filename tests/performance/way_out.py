"""Runs the flow's tests on another emulator, MiniStack, with our deployment.

    python -m tests.performance.way_out [--tests EXPRESSION]

PostgreSQL and the simulator are those of an embedded instance of its own; MiniStack is installed for the run only. It
knows
nothing of SAM in nested stacks, so that the templates are transformed before they go there, as AWS would.
docs/adr/0017 says what came of it."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import urllib3
import yaml
from psycopg import sql

from delivery.deployment import prerequisites
from delivery.deployment.deployment import diagrams, migrate, upload, url_of
from delivery.deployment.stack import Stack
from delivery.packaging import layer
from delivery.packaging.packaging import Packaged, PackagingPlan, package
from delivery.packaging.parameters import collect, defaults
from devenv.aws import Clients
from devenv.backends import simulator, tool_environments
from devenv.backends.postgres import ROLE
from devenv.instance import ACCOUNT, ENVIRONMENT, REGION, Instance
from devenv.passwords import InstancePasswords
from devenv.ports import HOST
from devenv.problem import Problem
from devenv.running import Running
from devenv.state import StateFile
from tests.performance.emulators import ministack
from tests.performance.measured import ROOT, measured_instance

DATABASE = "mtd_way_out"
FOLDERS = tuple(f"tests/integration/{name}" for name in ("intake", "flow", "reporting", "operations", "processes"))


# Run by the emulator's interpreter, which has SAM's own translator.
_TRANSLATE = """
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
plain = Translator({}, Parser()).translate(json.load(sys.stdin), parameter_values={})
plain.pop("Transform", None)
json.dump(plain, sys.stdout)
"""


def transform(instance: Instance, clients: Clients, bucket: str, packaged: Packaged, left_out: set[str]) -> None:
    """Puts what SAM makes of each nested template in its place, without what is left out."""
    s3, python = clients.client("s3"), tool_environments.ensure(instance).emulator
    for key, path in packaged.uploads.items():
        if not key.startswith("templates/"):
            continue
        content = json.dumps(_included(json.loads(path.read_text("utf-8")), packaged)).encode()
        if b"AWS::Serverless-2016-10-31" in content:
            content = subprocess.run(
                [python, "-c", _TRANSLATE],
                input=content,
                capture_output=True,
                check=True,
                env=os.environ | {"AWS_DEFAULT_REGION": REGION},
            ).stdout
        template = json.loads(content)
        gone = {name for name, each in template["Resources"].items() if each["Type"] in left_out}
        resources = {name: each for name, each in template["Resources"].items() if name not in gone}
        template["Resources"] = _without(resources, gone)
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template).encode())


def _included(value: Any, packaged: Packaged) -> Any:
    """The value with the API's definition in the place of its AWS::Include."""
    if isinstance(value, list):
        return [_included(each, packaged) for each in value]
    if not isinstance(value, dict):
        return value
    include = value.get("Fn::Transform")
    if isinstance(include, dict) and include.get("Name") == "AWS::Include":
        location = json.dumps(include["Parameters"]["Location"])
        [path] = [path for key, path in packaged.uploads.items() if key in location]
        return yaml.safe_load(path.read_text("utf-8"))
    return {name: _included(each, packaged) for name, each in value.items()}


# It insists on a signed call where the API says AWS_IAM, and verifies no signature; the flow's tests sign none.
_SIGNED = (
    f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/execute-api/aws4_request, SignedHeaders=host, Signature=0"
)


class _ApiAddress(BaseHTTPRequestHandler):
    """MiniStack serves a REST API under a path that no template of ours can say: /ID/live/x is handed on to it."""

    target = ""

    def _hand_on(self) -> None:
        api, _, path = self.path.removeprefix("/").partition("/live")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = f"{self.target}/restapis/{api}/live/_user_request_{path}"
        headers = {"Content-Type": self.headers.get("Content-Type") or "application/json", "Authorization": _SIGNED}
        answer = urllib3.request(self.command, url, body=body, headers=headers, retries=False, timeout=60.0)
        self.send_response(answer.status)
        for name in ("Content-Type", "x-amzn-RequestId"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(answer.data)))
        self.end_headers()
        self.wfile.write(answer.data)

    do_GET = do_POST = _hand_on  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@contextmanager
def api_address(endpoint: str) -> Iterator[str]:
    """The address of execute-api, as a parameter of the template."""
    handler = type("_Bound", (_ApiAddress,), {"target": endpoint})
    server = ThreadingHTTPServer((HOST, 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{HOST}:{server.server_address[1]}"
    server.shutdown()


def _without(value: Any, gone: set[str]) -> Any:
    """The value with a word in the place of each reference to what is gone."""
    if isinstance(value, list):
        return [_without(each, gone) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in gone or str(value.get("Fn::GetAtt", [""])[0]) in gone:
        return "left-out"
    kept = {name: _without(each, gone) for name, each in value.items() if name != "DependsOn"}
    if "DependsOn" in value:
        named = value["DependsOn"] if isinstance(value["DependsOn"], list) else [value["DependsOn"]]
        kept["DependsOn"] = [name for name in named if name not in gone]
    return kept


def deploy(running: Running, clients: Clients, api: str) -> dict[str, str]:
    """The stack's outputs. Raises Problem with what the emulator says."""
    instance = running.instance
    with psycopg.connect(running.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(DATABASE)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    target = layer.LayerPlatform.of_interpreter(tool_environments.ensure(instance).runtime)
    bucket = prerequisites.make_artifact_bucket(clients)
    plan = PackagingPlan(
        bucket=bucket,
        url=url_of(clients.endpoint, bucket),
        build_folder=instance.build,
        layer=lambda source: layer.build(source, instance.build, target),
        hot=False,
    )
    packaged = package(instance.project / "cloudformation" / "template.yaml", plan)
    secret = prerequisites.database_secret(
        clients,
        host=HOST,
        port=running.document["ports"]["postgres"],
        username=ROLE,
        password=InstancePasswords.of(instance).application,
        dbname=DATABASE,
    )
    at_run_time = simulator.urls(running.simulator) | {
        "Environment": ENVIRONMENT,
        "DatabaseSecretArn": secret,
        "ApiEndpoint": api,
        "ArtifactBucket": bucket,
        "CodeDeploy": "false",
    }
    parameters = collect(instance.project, "ci", at_run_time)
    prerequisites.verify_senders(clients, defaults(instance.project) | parameters)
    upload(clients, bucket, packaged, "root.json")
    stack = Stack(clients.client("cloudformation"), instance.stack, seconds=120.0)
    left_out: set[str] = set()
    while True:
        transform(instance, clients, bucket, packaged, left_out)
        try:
            outputs = stack.apply(url_of(clients.endpoint, bucket)("root.json"), parameters)
            break
        except Problem as problem:
            unknown = set(re.findall(r"Unsupported resource type: ([\w:]+)", problem.sentence)) - left_out
            if not unknown:
                raise
            print(f"not known to it: {', '.join(sorted(unknown))}", flush=True)
            left_out |= unknown
            stack.delete()
    print(json.dumps(outputs, indent=1))
    migrate(clients, ENVIRONMENT, diagrams(instance.project), outputs)
    return outputs


def main() -> int:
    """0 when the deployment stood and every test passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", default="", help="pytest's -k")
    parser.add_argument("--minutes", type=float, default=10, help="for the tests: what fails waits (default: 10)")
    parser.add_argument("--instance", help="whose PostgreSQL and simulator (default: an instance of its own)")
    arguments = parser.parse_args()
    with (
        measured_instance(arguments.instance, "--no-watch") as instance,
        ministack() as emulator,
        api_address(emulator.endpoint) as api,
    ):
        running = Running.of(instance)
        clients = Clients(emulator.endpoint)
        try:
            outputs = deploy(running, clients, api)
        except Problem as problem:
            print(f"Not deployed: {problem.sentence} {problem.fix}")
            return 1
        played = Instance.from_env(os.environ | {"MTD_INSTANCE": f"way-out-{os.getpid()}"}, ROOT)
        StateFile(played).merge(
            home="embedded",
            region=REGION,
            endpoint=emulator.endpoint,
            ports=running.document["ports"],
            outputs=outputs,
            api_url=outputs.get("ApiUrl", ""),
            fingerprint="way-out",
        )
        command = [sys.executable, "-m", "pytest", *FOLDERS, "-q", "-n", "2", "--dist", "loadgroup"]
        command += ["--home", "embedded", "--instance", played.name, "-rfE", "--tb=line"]
        command += ["-k", arguments.tests] if arguments.tests else []
        tests = subprocess.Popen(command, cwd=ROOT)
        try:
            return tests.wait(arguments.minutes * 60)
        except subprocess.TimeoutExpired:
            tests.send_signal(signal.SIGINT)  # it tells what it knows
            return tests.wait(60)


if __name__ == "__main__":
    sys.exit(main())
