"""build the files of a deployment under one digest; --prove checks that builds are reproducible"""

import argparse

from delivery.packaging import builds
from devenv.console.screen import console, json_flag, print_json
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prove",
        action="store_true",
        help="build twice in other folders, and compare with the files of the running instance",
    )
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    if arguments.prove:
        from delivery.release.proof import prove

        return prove(instance, console(), as_json=arguments.json)
    build = builds.make(instance)
    if arguments.json:
        print_json({"digest": build.digest, "folder": str(build.folder), "files": dict(build.files)})
    else:
        print(build.digest)
    return 0
