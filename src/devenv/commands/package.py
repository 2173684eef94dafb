"""package the templates for AWS: code as zips, the layer built for AWS's Python"""

import argparse
import shutil
from pathlib import Path

from devenv.deploy.deployment import aws_package
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--environment", required=True, help="dev, pre or prod: names the artifact bucket")
    parser.add_argument("--out", required=True, type=Path, help="folder for template.json and the files to upload")


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    packaged = aws_package(instance, arguments.environment)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "template.json").write_text(packaged.body, encoding="utf-8")
    for key, path in packaged.uploads.items():
        target = arguments.out / key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    print(f"{arguments.out / 'template.json'} and {len(packaged.uploads)} files for its bucket")
    return 0
