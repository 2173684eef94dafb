"""Files for editors and people name the ports and commands of the code."""

import json
import re
import xml.etree.ElementTree as ElementTree

from devenv import cli
from devenv.instance import PROJECT
from devenv.ports import FAMILIAR


def test_vs_code_attaches_where_functions_listen() -> None:
    launch = json.loads((PROJECT / ".vscode" / "launch.json").read_text("utf-8"))
    attached = [each["connect"]["port"] for each in launch["configurations"] if each["request"] == "attach"]
    assert attached == [FAMILIAR["debugger"]] * 2

    [task] = json.loads((PROJECT / ".vscode" / "tasks.json").read_text("utf-8"))["tasks"]
    assert task["args"][0] in cli.COMMANDS
    ready = task["problemMatcher"]["background"]["endsPattern"]
    source = (PROJECT / "src" / "devenv" / "commands" / "environment" / "debug.py").read_text("utf-8")
    assert re.search(ready, "issue_dte listens on 127.0.0.1:5678")
    assert re.search(ready, "issue_dte will listen on 127.0.0.1:5678")
    assert "listens on {address" in source
    assert "will listen on {address" in source


def test_pycharm_starts_a_command_that_there_is() -> None:
    [path] = (PROJECT / ".run").glob("*.xml")
    options = {each.get("name"): each.get("value") for each in ElementTree.parse(path).iter("option")}
    assert options["SCRIPT_NAME"] == "devenv"
    assert (options["PARAMETERS"] or "").split()[0] in cli.COMMANDS


def test_the_devcontainer_forwards_the_familiar_ports() -> None:
    text = (PROJECT / ".devcontainer" / "devcontainer.json").read_text("utf-8")
    plain = json.loads("\n".join(line for line in text.splitlines() if not line.strip().startswith("//")))
    assert sorted(plain["forwardPorts"]) == sorted(FAMILIAR.values())


def test_the_example_of_settings_names_known_variables_only() -> None:
    example = (PROJECT / ".env.example").read_text("utf-8")
    names = re.findall(r"^#([A-Z_]+)=", example, re.MULTILINE)
    manual = (PROJECT / "docs" / "cli.md").read_text("utf-8")
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in manual and name != "AWS_PROFILE"] == []
    # Nothing is set by copying it.
    assert not re.search(r"^[A-Z_]+=", example, re.MULTILINE)
