"""docs/cli.md lists the commands as `mtd --help` does, with the options that they have."""

import argparse
import re

import pytest

from devenv import cli
from devenv.instance import PROJECT

MANUAL = (PROJECT / "docs" / "cli.md").read_text("utf-8")
# These have a paragraph of their own for all commands.
COMMON = {"--help", "--json", "--tenant"}


def test_the_manual_has_the_groups_of_the_help_in_its_order() -> None:
    groups = [title.lower() for title in re.findall(r"^## (\w+)$", MANUAL, re.MULTILINE)]
    assert [title for title in groups if title in cli.GROUPS] == list(cli.GROUPS)


@pytest.mark.parametrize("group", cli.GROUPS)
def test_each_group_has_its_commands_in_order(group: str) -> None:
    section = MANUAL.partition(f"## {group.capitalize()}\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)", section, re.MULTILINE)
    assert list(dict.fromkeys(listed)) == list(cli.GROUPS[group])


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_each_option_of_a_command_is_in_the_manual(command: str) -> None:
    rows = "\n".join(re.findall(rf"^\| `{command}\b.*$", MANUAL, re.MULTILINE))
    [subparsers] = [each for each in cli.parser([command])._actions if isinstance(each, argparse._SubParsersAction)]
    missing = [option for option in _options(subparsers.choices[command]) if option not in rows]
    assert missing == []


def _options(parser: argparse.ArgumentParser) -> set[str]:
    options: set[str] = set()
    for action in parser._actions:
        options |= {each for each in action.option_strings if each.startswith("--")}
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                options |= _options(each)
    return options - COMMON
