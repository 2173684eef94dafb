"""run the aws command against this instance"""

import argparse
import os
import sys
from pathlib import Path

from devenv.aws import SECRET_KEY
from devenv.instance import ACCOUNT, REGION, Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="e.g. s3 ls")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    running = Running.of(instance)
    words = arguments.arguments[1:] if arguments.arguments[:1] == ["--"] else arguments.arguments
    program = Path(sys.executable).with_name("aws")
    kept = {name: value for name, value in instance.environ.items() if not name.startswith("AWS_")}
    environment = kept | {
        "AWS_ENDPOINT_URL": running.endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "PATH": f"{program.parent}{os.pathsep}{instance.setting('PATH')}",
    }
    # The option too: for some services, such as SQS, aws ignores the variable.
    os.execve(program, [str(program), "--endpoint-url", running.endpoint, *words], environment)
