"""A process with a task of the connected system `fraud`, and the sheet that binds it."""

from typing import Any

from tests.support.bpmn_files import bpmn
from tests.support.diagrams import draw

from mtd.domain.systems.system import read_system
from mtd.engine.compiler.importing import import_sources
from mtd.engine.compiler.reports import Report, Source

DIAGRAM = """
start: Came
service: Check fraud
end: Done
end: Refused
boundary: Suspected | on=Check fraud, trigger=error
Came > Check fraud > Done
Suspected > Refused
"""
ANSWER = {"type": "object", "properties": {"score": {"type": "number"}, "code": {"type": "string"}}}
REQUEST = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "amount": {"type": "number"}, "buyer": {"type": "object"}},
    "required": ["id", "amount"],
}
FRAUD = read_system(
    "fraud",
    {"url": "https://fraud.example", "operations": {"check": {"request": REQUEST, "answer": ANSWER}}},
)
SHEET: dict[str, Any] = {
    "server": "system:fraud/check",
    "send": {"id": "order.number", "amount": "order.payable", "buyer": {"rut": "order.buyer.rut", "new": True}},
    "result": {"score": "answer.score"},
    "errors": {"409": "suspected", "4xx": "refused", "answer.code == 'X1'": "blocked"},
}


def imported(change: dict[str, Any] | None = None, systems: Any = None) -> Report:
    entry = SHEET | (change or {})
    sheet = {"tasks": {"Check fraud": {word: said for word, said in entry.items() if said is not None}}}
    source = Source(name="p", content=bpmn(draw(DIAGRAM)), sheet=sheet)
    [report] = import_sources([source], (), systems={"fraud": FRAUD} if systems is None else systems)
    return report
