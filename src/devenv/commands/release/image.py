"""build the portal's image, which deployments push"""

import argparse

from delivery.release import image
from devenv.instance import Instance


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # it has none


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    del arguments
    place = image.make(instance)
    print(f"{place} ({place.stat().st_size // 1_000_000} MB)")
    return 0
