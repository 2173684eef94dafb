"""The binding sheet to begin with: it can be read, it changes nothing, and asks for what is not known."""

from pathlib import Path

import pytest
import yaml
from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw
from tests.support.engine_cases import CASES
from tests.support.imports import PROCESSES

from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Source
from mtd.engine.model import plan_json
from mtd.usecases.processes.import_processes import STATES, starter_sheets

DIAGRAM = """
    start: S
    user: Review | lane=Sales
    service: Validation
    service: Weigh | lane=Store
    xor: Paid?
    xor: Which way?
    catch: Wait a bit | time=PT2H
    catch: Two days | timer
    catch: Some day | timer
    catch: In stock | conditional
    catch: Paid | message=paid
    call: Label
    end: E
    S > Review > Validation > Weigh > Paid? >[Yes] Wait a bit > Two days > Some day > In stock > Paid > Which way?
    Paid? >[No] Which way? >[North] Label > E
    Which way? >[South] E
    Which way? >[*] E
"""


def test_what_is_known_is_filled_in_and_the_rest_is_asked_for() -> None:
    [text] = starter_sheets([Source(name="p.bpmn", content=bpmn(draw(DIAGRAM)))])
    assert yaml.safe_load(text) == {
        "tasks": {"Review": {"group": "sales"}, "Validation": "api:/states/validation"},
        "gateways": None,
        "flows": None,
        "timers": {"Wait a bit": "PT2H", "Two days": "P2D"},
        "messages": {"Paid": "paid"},
        "conditions": None,
        "calls": None,
    }
    for line in (
        '# "Weigh": api:/states/<state>   # until then a person of group store does it',
        '# "Paid?": order.payable > 1000000   # else a person chooses Yes or No',
        '# "Which way? -> Label": data.approved == true',
        '# "Some day": PT2H   # it has no time',
        '# "In stock": data.stock > 0   # it has no rule',
        '# "Label": "Label"   # a process of this import, else a person does it',
    ):
        assert line in text, text


@pytest.mark.parametrize(
    "path",
    [*sorted(PROCESSES.glob("*.bp*")), *sorted(PROCESSES.glob("*.xpdl")), *sorted(CASES.glob("*.bpmn"))],
    ids=lambda path: path.name,
)
def test_it_binds_what_is_bound_without_it(path: Path) -> None:
    [text] = starter_sheets([Source(name=path.name, content=path.read_bytes())])
    said = yaml.load(text, yaml.BaseLoader)
    plain = import_sources([Source(name=path.name, content=path.read_bytes())], STATES)
    bound = import_sources([Source(name=path.name, content=path.read_bytes(), sheet=said)], STATES)
    assert [each.verdict for each in bound] == [each.verdict for each in plain]
    for one, other in zip(plain, bound, strict=True):
        assert one.plan is not None
        assert other.plan is not None
        assert plan_json.to_json(one.plan) == plan_json.to_json(other.plan)
