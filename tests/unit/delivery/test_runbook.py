"""Each alarm has its section in the runbook, and each section has its alarm."""

from collections.abc import Iterator
from typing import Any

from delivery.packaging.loops import written_out
from delivery.packaging.template import load
from devenv.instance import PROJECT

KINDS = {"-errors": "<function>-errors", "-age": "<queue>-age"}


def alarms() -> Iterator[str]:
    """The names without the environment's prefix."""
    for path in sorted((PROJECT / "cloudformation" / "stacks").rglob("*.yaml")):
        template = written_out(load(path))
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                yield name(resource["Properties"]["AlarmName"]["Fn::Sub"], template).removeprefix("mtd-${Environment}-")


def name(sub: Any, template: dict[str, Any]) -> str:
    if isinstance(sub, str):
        return sub
    text, values = sub
    mapping, first, second = values["Name"]["Fn::FindInMap"]
    return str(text.replace("${Name}", template["Mappings"][mapping][first][second]))


def section(alarm: str) -> str:
    return next((kind for suffix, kind in KINDS.items() if alarm.endswith(suffix)), alarm)


def test_every_alarm_has_its_section_and_every_section_its_alarm() -> None:
    text = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    sections = {line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")}

    assert {section(alarm) for alarm in alarms()} == sections - {"The budget"}
