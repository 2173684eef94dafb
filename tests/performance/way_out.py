"""How far MTD comes on another emulator: MiniStack, deployed to by our deployer, under the flow's tests.

    python -m tests.performance.way_out [--tests EXPRESSION]

PostgreSQL and the simulator are those of an embedded instance of its own; MiniStack is installed for the run only. It
knows
nothing of SAM in nested stacks, so that the templates are transformed before they go there, as AWS would.
docs/adr/0015 says what came of it."""

import argparse
import json
import os
import subprocess
import sys

import psycopg
from psycopg import sql
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from devenv import environments, simulator
from devenv.aws import Clients
from devenv.credentials import Credentials
from devenv.deploy import layer, prerequisites
from devenv.deploy.deployment import diagrams, migrate, upload, url_of
from devenv.deploy.packaging import Packaged, Plan, package
from devenv.deploy.parameters import collect, defaults
from devenv.deploy.stack import Stack
from devenv.instance import ENVIRONMENT, REGION, Instance
from devenv.ports import HOST
from devenv.postgres import ROLE
from devenv.problem import Problem
from devenv.running import Running
from devenv.state import StateFile
from tests.performance.emulators import ministack
from tests.performance.home import ROOT, home

DATABASE = "mtd_way_out"


def transform(clients: Clients, bucket: str, packaged: Packaged) -> None:
    """Puts what SAM makes of each nested template in its place."""
    s3 = clients.client("s3")
    for key, path in packaged.uploads.items():
        if not key.startswith("templates/"):
            continue
        document = json.loads(path.read_text("utf-8"))
        if "AWS::Serverless-2016-10-31" in str(document.get("Transform", "")):
            plain = Translator({}, Parser()).translate(document, parameter_values={})
            plain.pop("Transform", None)
            s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(plain).encode())


def deploy(running: Running, clients: Clients) -> dict[str, str]:
    """The stack's outputs. Raises Problem with what the emulator says."""
    instance = running.instance
    with psycopg.connect(running.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(DATABASE)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    target = layer.Target.of_interpreter(environments.ensure(instance).runtime)
    bucket = prerequisites.make_artifact_bucket(clients)
    plan = Plan(
        bucket=bucket,
        url=url_of(clients.endpoint, bucket),
        build_folder=instance.build,
        layer=lambda source: layer.build(source, instance.build, target),
        hot=False,
    )
    packaged = package(instance.project / "cloudformation" / "template.yaml", plan)
    secret = prerequisites.database_secret(
        clients, host=HOST, port=running.document["ports"]["postgres"], username=ROLE,
        password=Credentials.of(instance).application, dbname=DATABASE,
    )  # fmt: skip
    at_run_time = simulator.urls(running.simulator) | {
        "Environment": ENVIRONMENT,
        "DatabaseSecretArn": secret,
        "ApiEndpoint": f"{clients.endpoint}/_aws/execute-api",
        "ArtifactBucket": bucket,
        "CodeDeploy": "false",
    }
    parameters = collect(instance.project, "ci", at_run_time)
    prerequisites.verify_senders(clients, defaults(instance.project) | parameters)
    upload(clients, bucket, packaged, "root.json")
    transform(clients, bucket, packaged)
    stack = Stack(clients.client("cloudformation"), instance.stack, seconds=180.0)
    outputs = stack.apply(url_of(clients.endpoint, bucket)("root.json"), parameters)
    print(json.dumps(outputs, indent=1))
    migrate(clients, ENVIRONMENT, diagrams(instance.project), outputs)
    return outputs


def main() -> int:
    """0 when the deployment stood and every test passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", default="", help="pytest's -k")
    parser.add_argument("--instance", help="whose PostgreSQL and simulator (default: an instance of its own)")
    arguments = parser.parse_args()
    with home(arguments.instance, "--no-watch") as instance, ministack() as emulator:
        running = Running.of(instance)
        clients = Clients(emulator.endpoint)
        try:
            outputs = deploy(running, clients)
        except Problem as problem:
            print(f"Not deployed: {problem.sentence} {problem.fix}")
            return 1
        played = Instance.from_env(os.environ | {"MTD_INSTANCE": f"way-out-{os.getpid()}"}, ROOT)
        StateFile(played).merge(
            home="embedded", region=REGION, endpoint=emulator.endpoint, ports=running.document["ports"],
            outputs=outputs, api_url=outputs.get("ApiUrl", ""), fingerprint="way-out",
        )  # fmt: skip
        command = [sys.executable, "-m", "pytest", "tests/integration/flow", "-q", "-n", "2", "--dist", "loadgroup"]
        command += ["--home", "embedded", "--instance", played.name, "-rfE", "--tb=line"]
        command += ["-k", arguments.tests] if arguments.tests else []
        return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
