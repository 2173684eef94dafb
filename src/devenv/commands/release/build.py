"""build everything a deployment needs, once, under one digest; --prove: that every build of the sources is the same"""

import argparse

from delivery.packaging import builds
from devenv.console.screen import console, json_flag, print_json
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prove", action="store_true", help="build twice in other places, compare bytes with what runs"
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
